#include "core/parameter_info.hpp"
#include "experiments/runner/catalogue.hpp"
#include "experiments/runner/format.hpp"

namespace xensim {
namespace {

Json described(Json schema, std::string description) {
  schema["description"] = std::move(description);
  return schema;
}

Json machine_or_name() {
  const Json name = {{"enum", machine_names()}};
  const Json file = {{"type", "string"},
                     {"pattern", "\\.json$"},
                     {"description", "file of such an object, which may have constants, too"}};
  Json object = machine_schema();
  object["properties"]["base"] = described({{"anyOf", {name, file}}}, "the machine it differs from");
  return {{"anyOf", {name, file, std::move(object)}}};
}

Json domain_schema() {
  Json schema = schema_of(domain_table().describe_all());
  schema["properties"].update(schema_of(share_table().describe_all())["properties"]);
  schema["properties"]["workload"] = described(variant_schema(workloads()), "what each instance runs");
  schema["required"] = Json::array({"name", "workload"});
  return schema;
}

Json client_schema() {
  Json schema = schema_of(client_table().describe_all());
  schema["properties"]["behaviour"] = described(variant_schema(clients()), "what each machine does");
  schema["required"] = Json::array({"name", "behaviour"});
  return schema;
}

Json probe_schema() {
  Json schema = schema_of(probe_table().describe_all());
  schema["required"] = Json::array({"domain"});
  return schema;
}

Json control_schema() {
  Json schema = schema_of(control_table().describe_all());
  Json properties = schema_of(share_table().describe_all())["properties"];
  properties.update(schema["properties"]);  // both have a "slice"
  schema["properties"] = std::move(properties);
  schema["required"] = Json::array({"at", "do"});
  return schema;
}

Json precision_schema() {
  Json schema = schema_of(precision_table().describe_all());
  schema["required"] = Json::array({"metric", "half_width"});
  return schema;
}

/// An object whose keys are JSON paths of the experiment.
Json by_path(Json value) { return {{"type", "object"}, {"additionalProperties", std::move(value)}}; }

Json compare_schema() {
  const auto text = [](const char* description) {
    return Json{{"type", "string"}, {"description", description}};
  };
  Json block = {
      {"type", "object"},
      {"properties",
       {{"cell", text("id of the published value, with {path} for the label of a swept path")},
        {"metric", text("name of the metric that is compared; * stands for anything without a slash: the sum "
                        "of all that match")},
        {"relative_to", described(by_path(Json::object()), "divide by the run at this point of the sweep")},
        {"at", described(by_path(Json::object()), "only runs at this point of the sweep")},
        {"victim", text("template whose loss against the base is split into its parts")},
        {"change", {{"type", "boolean"}, {"description", "the ratio's distance from 1, in percent"}}},
        {"statistic",
         {{"enum", {"mean", "median"}}, {"description", "of the replications; mean if nothing is said"}}},
        {"unit", text("of the compared value")}}},
      {"required", {"cell", "metric", "unit"}},
      {"additionalProperties", false}};
  return {{"anyOf", {block, {{"type", "array"}, {"items", block}}}}};
}

}  // namespace

Json experiment_schema() {
  Json schema = schema_of(head_table().describe_all());
  Json properties = {{"$schema", {{"type", "string"}}}};
  properties.update(schema["properties"]);
  properties["machine"] = described(machine_or_name(), "a testbed, or what differs from one");
  properties["platform"] = described(variant_schema(platforms()), "what runs on the machine");
  properties["domains"] = {
      {"type", "array"}, {"items", domain_schema()}, {"description", "what runs on the platform"}};
  properties["clients"] = {{"type", "array"},
                           {"items", client_schema()},
                           {"description", "machines outside, on a switched Ethernet with the host"}};
  properties["operator"] =
      described(schema_of(operator_table().describe_all()), "starts the instances one by one");
  properties["control"] = {{"type", "array"},
                           {"items", control_schema()},
                           {"description", "what the operator has domain 0 do, and when"}};
  properties["probes"] = {
      {"type", "array"}, {"items", probe_schema()}, {"description", "events from outside that are timed"}};
  properties["measure"] = described(schema_of(measure_table().describe_all()), "what is measured, and when");
  properties["precision"] = described(
      precision_schema(),
      "instead of `replications`: replications of each point until a metric's mean is known so well");
  properties["constants"] =
      described(by_path({{"type", "number"}}), "calibration constants by name, in their own units");
  properties["sweep"] =
      described(by_path({{"type", "array"}, {"minItems", 1}}),
                "values by path, each plain or with a label, and `with` it what else is set; "
                "every combination is run, the last path varying fastest");
  properties["compare"] = described(compare_schema(), "published cells that the runs stand beside");
  schema["properties"] = std::move(properties);
  schema["required"] = Json::array({"name", "domains"});

  Json published = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                    {"title", "xensim experiment"}};
  published.update(schema);
  return published;
}

}  // namespace xensim
