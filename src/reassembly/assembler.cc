#include "restitch/assembler.h"

namespace restitch {

template class BasicStreamPool<StreamHandle, StreamFactory>;
template class BasicAssembler<StreamHandle, StreamFactory>;

}  // namespace restitch
