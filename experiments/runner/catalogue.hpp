/// The variants that register themselves (schedulers, workloads, platforms, clients), alike for every kind.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.hpp"
#include "core/parameter.hpp"
#include "core/parameter_info.hpp"

namespace xensim {

struct Variant {
  std::string name, help;
  std::vector<ParameterInfo> parameters;
  std::function<void(const Config&)> check;  ///< throws InputError; never empty
};

/// Each in alphabetical order.
[[nodiscard]] std::vector<Variant> schedulers();
[[nodiscard]] std::vector<Variant> workloads();
[[nodiscard]] std::vector<Variant> platforms();
[[nodiscard]] std::vector<Variant> clients();

/// `config` must be the name of one of `variants`, or an object with "name" and its parameters; `kind` is
/// the word for messages. Throws InputError.
void check_variant(std::string_view kind, std::span<const Variant> variants, const Config& config);

/// The JSON Schema of that.
[[nodiscard]] Json variant_schema(std::span<const Variant> variants);

}  // namespace xensim
