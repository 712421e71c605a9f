/// Named variants of one interface, each in its own file, which registers itself by name.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/config.hpp"
#include "core/parameter.hpp"

namespace xensim {

/// The variants of `Interface`, constructed from their parameters and `Arguments`.
/// Filled before main (and by Python plug-ins before a run), constant while a run lasts. Each interface has
/// one source file that instantiates its registry (core/registry_members.hpp).
template <class Interface, class... Arguments>
class Registry {
 public:
  struct Entry {
    std::string name;
    std::string help;
    std::vector<ParameterInfo> parameters;
    /// Throws InputError if `config`, as for `create`, has a fault. May be empty: nothing to check.
    std::function<void(const Config& config)> check = {};
    /// `config` is the object that holds the parameters (and, as "name", the variant's name).
    std::function<std::unique_ptr<Interface>(const Config& config, Arguments...)> create;
  };

  static Registry& instance();

  /// What makes a variant of the parameters that `config` gives.
  using Make = std::unique_ptr<Interface> (*)(const ParameterList& parameters, const Config& config,
                                              Arguments... arguments);
  void add(std::string_view name, std::string_view help, const ParameterList& parameters, Make make);
  /// A later entry of the same name replaces the earlier one (a notebook redefining its class).
  void add(Entry entry);

  /// By name, in alphabetical order.
  [[nodiscard]] const std::map<std::string, Entry>& entries() const;
  [[nodiscard]] std::vector<std::string> names() const;

  /// `config` is either the variant's name or an object with "name" and parameters.
  /// `kind` is the word for messages ("scheduler"). Throws InputError.
  [[nodiscard]] std::unique_ptr<Interface> create(std::string_view kind, const Config& config,
                                                  Arguments... arguments) const;

 private:
  std::map<std::string, Entry> entries_;
};

/// Registers `Variant(Parameters, Arguments...)` under a name. One line in the variant's file:
///
///     const Register<Scheduler, RoundRobin, RoundRobinParameters, std::size_t> registered{
///         "round-robin", "fixed slices in turn", parameters};
template <class Interface, class Variant, class Parameters, class... Arguments>
struct Register {
  Register(std::string_view name, std::string_view help, const ParameterTable<Parameters>& table) {
    Registry<Interface, Arguments...>::instance().add(name, help, table.list(), &make);
  }

 private:
  static std::unique_ptr<Interface> make(const ParameterList& list, const Config& config,
                                         Arguments... arguments) {
    Parameters parameters;
    list.read(config, variant_keys(), &parameters);
    return std::make_unique<Variant>(std::move(parameters), std::forward<Arguments>(arguments)...);
  }
};

}  // namespace xensim
