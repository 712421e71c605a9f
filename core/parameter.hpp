/// A parameter, declared once: from that line come its parsing, its range check, the JSON Schema,
/// `xensim list`, the Python signatures and the manual's tables.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/config.hpp"
#include "core/quantity.hpp"

namespace xensim {

struct ParameterInfo;

/// What the object of a variant has besides its parameters: its name.
[[nodiscard]] std::span<const std::string> variant_keys();

/// Inclusive bounds and allowed names; leave out what does not apply.
template <class T>
struct ParameterLimits {
  std::optional<T> minimum{}, maximum{};
  std::vector<std::string> choices{};
};

/// The parameters of a struct of any type: what ParameterTable need not compile for each. Instantiated in
/// parameter.cpp for the types of parameters that there are.
class ParameterList {
 public:
  // Out of line: who has a list need not know JSON.
  ParameterList();
  ParameterList(const ParameterList& other);
  ParameterList(ParameterList&& other) noexcept;
  ParameterList& operator=(const ParameterList& other);
  ParameterList& operator=(ParameterList&& other) noexcept;
  ~ParameterList();

  /// Of a member that lies `offset` bytes behind the beginning of its struct.
  template <class T>
  void add(std::string_view name, std::ptrdiff_t offset, const T& fallback, std::string_view help,
           std::string_view source, const ParameterLimits<T>& limits);

  /// As ParameterTable::read, into `owner`, a struct as the offsets are of; null: only checks.
  void read(const Config& config, std::span<const std::string> others, void* owner) const;
  [[nodiscard]] Json write(const void* owner) const;
  [[nodiscard]] std::vector<ParameterInfo> describe_all() const;

 private:
  struct Field;
  std::vector<Field> fields_;
};

/// The parameters of one component: the members of its plain struct `Owner`, whose member
/// initialisers are the defaults.
///
///     struct RoundRobinParameters { Time slice = 10ms; };
///     const auto parameters = ParameterTable<RoundRobinParameters>{}
///         .add("slice", &RoundRobinParameters::slice, "length of a slice",
///              "sched_rrobin.c, Xen 2.0", {.minimum = 1us});
template <class Owner>
class ParameterTable {
 public:
  /// `Base` is Owner or, of a member that it has inherited, where that comes from.
  template <class T, class Base>
  requires std::derived_from<Owner, Base> ParameterTable &&
      add(std::string_view name, T Base::*member, std::string_view help, std::string_view source,
          const std::type_identity_t<ParameterLimits<T>>& limits = {}) && {
    const Owner defaults{};
    const auto place = [](const void* object) { return static_cast<const std::byte*>(object); };
    list_.add<T>(name, place(&(defaults.*member)) - place(&defaults), defaults.*member, help, source, limits);
    return std::move(*this);
  }

  /// Reads the members that `config` (an object) has, leaving the others at their defaults.
  /// Throws InputError at the offending member. Members in `others` belong to someone else.
  /// `owner` has the values of members that are not there.
  [[nodiscard]] Owner read(const Config& config, std::span<const std::string> others = {},
                           Owner owner = {}) const {
    list_.read(config, others, &owner);
    return owner;
  }

  // Defined in parameter_info.hpp.
  /// All members as resolved.
  [[nodiscard]] Json write(const Owner& owner) const;
  [[nodiscard]] std::vector<ParameterInfo> describe_all() const;
  [[nodiscard]] const ParameterList& list() const { return list_; }

 private:
  ParameterList list_;
};

}  // namespace xensim
