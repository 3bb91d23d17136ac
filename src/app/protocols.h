// The protocols that are recognised, by what both sides say first. A constant table.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "restitch/app/analyzer.h"
#include "restitch/app/services.h"

namespace restitch {

// Whether bytes can be the beginning of a protocol.
enum class Fit : std::uint8_t { no, perhaps, yes };

struct Protocol {
  std::string_view name;
  // By the first bytes of both sides; either may be empty so far.
  Fit (*fit)(Bytes client, Bytes server);
  std::unique_ptr<Analyzer> (*make)(AppServices& services);
};

// In the order in which they are asked; the first that fits is it.
std::span<const Protocol> protocols();

}  // namespace restitch
