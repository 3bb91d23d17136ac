#include "restitch/detail/half_state.h"

namespace restitch::detail {

void HalfState::note_again(std::uint64_t offset, std::uint64_t size, const CaptureInfo& info) {
  while (size != 0) {
    const auto late = given_up.first_in({connection, direction}, offset, size);
    const std::uint64_t repeated = late ? late->offset - offset : size;
    bytes().duplicate += repeated;
    note_copy(offset, repeated, info);
    if (!late) return;
    bytes().dropped += late->size;
    events.add({.kind = EventKind::late_data,
                .direction = direction,
                .offset = late->offset,
                .size = late->size,
                .info = info});
    offset = late->end();
    size -= repeated + late->size;
  }
}

}  // namespace restitch::detail
