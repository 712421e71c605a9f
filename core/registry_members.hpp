/// The members of Registry, for the one file of an interface that instantiates them:
///
///     template class Registry<Scheduler, std::size_t>;
#pragma once

#include "core/json.hpp"
#include "core/parameter_info.hpp"
#include "core/registry.hpp"

namespace xensim {

template <class Interface, class... Arguments>
Registry<Interface, Arguments...>& Registry<Interface, Arguments...>::instance() {
  static Registry registry;
  return registry;
}

template <class Interface, class... Arguments>
void Registry<Interface, Arguments...>::add(std::string_view name, std::string_view help,
                                            const ParameterList& parameters, Make make) {
  add({.name = std::string(name),
       .help = std::string(help),
       .parameters = parameters.describe_all(),
       .check = [parameters](const Config& config) { parameters.read(config, variant_keys(), nullptr); },
       .create =
           [parameters, make](const Config& config, Arguments... arguments) {
             return make(parameters, config, std::forward<Arguments>(arguments)...);
           }});
}

template <class Interface, class... Arguments>
void Registry<Interface, Arguments...>::add(Entry entry) {
  entries_[entry.name] = std::move(entry);
}

template <class Interface, class... Arguments>
auto Registry<Interface, Arguments...>::entries() const -> const std::map<std::string, Entry>& {
  return entries_;
}

template <class Interface, class... Arguments>
std::vector<std::string> Registry<Interface, Arguments...>::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

template <class Interface, class... Arguments>
std::unique_ptr<Interface> Registry<Interface, Arguments...>::create(std::string_view kind,
                                                                     const Config& config,
                                                                     Arguments... arguments) const {
  const Config name = config.json().is_string() ? config : config.at("name");
  const Entry& entry = entries_.at(name.choice(kind, names()));
  static const Json none = Json::object();
  return entry.create(config.json().is_string() ? Config(none) : config,
                      std::forward<Arguments>(arguments)...);
}

}  // namespace xensim
