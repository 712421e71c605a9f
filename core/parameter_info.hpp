/// What there is to know about parameters, for lists and schemas.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "core/parameter.hpp"

namespace xensim {

/// What there is to know about a parameter besides its value.
struct ParameterInfo {
  std::string name;
  std::string help;
  std::string source;     ///< where default and range come from: paper section, data sheet, code
  std::string type;       ///< JSON Schema's word for it: "integer", "number", "string", ...
  std::string unit;       ///< "time", "size", "frequency" for quantities, otherwise a word or empty
  std::string element{};  ///< of an "array": the type of its elements; `unit` and `choices` are theirs
  Json minimum, maximum;  ///< null if unbounded
  Json fallback;          ///< the default
  std::vector<std::string> choices;
};

template <class Owner>
Json ParameterTable<Owner>::write(const Owner& owner) const {
  return list_.write(&owner);
}

template <class Owner>
std::vector<ParameterInfo> ParameterTable<Owner>::describe_all() const {
  return list_.describe_all();
}

/// A parameter that is itself a variant: a name, or an object with "name" and parameters. Its type is
/// "variant" and its unit the kind, such as "scheduler".
[[nodiscard]] ParameterInfo variant_parameter(std::string name, std::string kind, std::string help,
                                              std::string source, std::string fallback);

/// The JSON Schema of an object with these parameters (without "$schema"; unknown keys refused).
[[nodiscard]] Json schema_of(std::span<const ParameterInfo> parameters);

}  // namespace xensim
