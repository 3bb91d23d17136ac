// SegmentStore: where workers put what they found, under names that are written once: who writes the same
// name again writes the same bytes. A call that fails may have done its work all the same. FolderStore keeps
// them as files of a folder, which all workers of a cluster share. One thread at a time.
#pragma once

#include <string>
#include <string_view>

#include "restitch/output_folder.h"
#include "restitch/result.h"

namespace RESTITCH_API restitch {
namespace cluster {

class SegmentStore {
 public:
  virtual ~SegmentStore() = default;

  // The whole of it is there when this has returned, even if the machine breaks down then; else nothing is.
  virtual Result<void> write(const std::string& name, std::string_view text) = 0;
  virtual Result<std::string> read(const std::string& name) = 0;
};

class FolderStore final : public SegmentStore {
 public:
  explicit FolderStore(OutputFolder folder) : folder_(std::move(folder)) {}

  // By way of NAME.part, which is what a worker that is killed leaves behind.
  Result<void> write(const std::string& name, std::string_view text) override;
  Result<std::string> read(const std::string& name) override;

 private:
  OutputFolder folder_;
};

}  // namespace cluster
}  // namespace restitch
