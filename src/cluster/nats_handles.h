// What libnats gives out, owned; and its failures as errors. Only where RESTITCH_NATS is defined. One thread.
#pragma once

#include <fmt/format.h>
#include <nats/nats.h>

#include <memory>
#include <string>
#include <string_view>

#include "restitch/result.h"

namespace restitch::cluster {

template <class Object, void (*destroy)(Object*)>
struct Destroyer {
  void operator()(Object* object) const { destroy(object); }
};
template <class Object, void (*destroy)(Object*)>
using Owned = std::unique_ptr<Object, Destroyer<Object, destroy>>;

using OwnedOptions = Owned<natsOptions, natsOptions_Destroy>;
using OwnedConnection = Owned<natsConnection, natsConnection_Destroy>;
using OwnedContext = Owned<jsCtx, jsCtx_Destroy>;
using OwnedStore = Owned<kvStore, kvStore_Destroy>;
using OwnedEntry = Owned<kvEntry, kvEntry_Destroy>;
using OwnedMessage = Owned<natsMsg, natsMsg_Destroy>;
using OwnedAck = Owned<jsPubAck, jsPubAck_Destroy>;
using OwnedInfo = Owned<jsStreamInfo, jsStreamInfo_Destroy>;

inline tl::unexpected<Error> nats_failure(const std::string& what, natsStatus status) {
  const char* const last = nats_GetLastError(nullptr);
  const std::string_view more = last == nullptr ? "" : last;
  return failure(ErrorCode::io,
                 fmt::format("{}: {}{}{}", what, natsStatus_GetText(status), more.empty() ? "" : ": ", more));
}

// What libnats gives out by a pointer to a pointer.
template <class OwnedObject, class Call>
natsStatus take(OwnedObject& to, Call&& call) {
  typename OwnedObject::pointer made = nullptr;
  const natsStatus status = call(&made);
  to.reset(made);
  return status;
}

}  // namespace restitch::cluster
