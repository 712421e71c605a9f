/// Web clients: users of SPECweb99 who wait for each answer, or requests that come whether answered or not.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "workloads/clients/arrivals.hpp"
#include "workloads/clients/http_user.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic score{"score", "connections", summary,
                      "that conform, of the most at which they do: what the last round of the search found"};
const Statistic users{"connections", "connections", summary, "users at the end"};
const Statistic conforming{"conforming", "connections", summary,
                           "users that got their bit rate over the measurement"};
const Statistic operations{"operations", "1/s", summary, "answers that came completely"};
const Statistic bit_rate{"bit_rate", "Mb/s", summary, "of answers, in units of 10^6 bits"};
const Statistic user_rate{"user_rate", "kb/s", summary, "bits of answers to one user: mean"};
const Statistic errors{"errors", "connections", summary, "refused, reset or closed before their end"};
const Statistic made{"sessions", "connections", summary, "connections made"};
const Statistic first_byte{"first_byte/mean", "ms", summary,
                           "from the request, or before the first from the connection's, to the first byte"};
const Statistic answer_mean{"answer/mean", "ms", summary,
                            "from the request, or before the first from the connection's, to the last byte"};
const Statistic answer_median{"answer/median", "ms", summary, "half of the answers took less"};
const Statistic answer_95{"answer/p95", "ms", summary, "95 % of the answers took less"};
const Statistic answer_99{"answer/p99", "ms", summary, "99 % of the answers took less"};
const Statistic complete{"answers", "answers", counter, "answers that came completely"};
const Statistic received{"answer_bytes", "bytes", counter, "bytes of answers that came"};

struct HttpParameters {
  std::string loop = "closed";
  std::int64_t connections = 100;
  double rate = 100;
  std::string sessions = "sessions";
  std::int64_t first_instance = 0, servers = 0, port = 80;
  double line_rate = 400'000, conforming = 320'000;
  Bytes chunk{4096};
  std::string draw = "spread";
  Time start = 1s, ramp = 1s;
  std::int64_t rounds = 0;
  Time settle = 2s, window = 4s, last_window = 10s;
  Time vanish{};
  Time service{};
};

const auto parameters =
    ParameterTable<HttpParameters>{}
        .add("loop", &HttpParameters::loop,
             "closed: users who ask again when they have the answer; open: single requests at random times",
             "choice", {.choices = {"closed", "open"}})
        .add("connections", &HttpParameters::connections, "users of the closed loop, over all machines",
             "choice", {.minimum = 1, .maximum = 20000})
        .add("rate", &HttpParameters::rate, "requests per second of the open loop, over all machines",
             "choice", {.minimum = 0.001, .maximum = 1e6})
        .add("sessions", &HttpParameters::sessions,
             "requests on a connection: one on 30 % of them and 5 to 15 on the others, 7.3 on average; one "
             "for "
             "30 % of the requests, 2.7; one",
             "SPECweb99; which of the first two it means is not certain",
             {.choices = {"sessions", "requests", "single"}})
        .add("first_instance", &HttpParameters::first_instance, "that is asked", "choice",
             {.minimum = 0, .maximum = 1'000'000})
        .add("servers", &HttpParameters::servers,
             "instances from that on, among which the users are dealt out; 0: all", "choice",
             {.minimum = 0, .maximum = 1'000'000})
        .add("port", &HttpParameters::port, "of instance 0; each other has the next",
             "Barham et al., SOSP 2003, section 4.3: a port for each server",
             {.minimum = 1, .maximum = 60000})
        .add("line_rate", &HttpParameters::line_rate, "bit/s that a user's line carries at most; 0: no limit",
             "SPECweb99", {.minimum = 0})
        .add("conforming", &HttpParameters::conforming, "bit/s that a user must get",
             "Barham et al., SOSP 2003, section 4.1", {.minimum = 1})
        .add("chunk", &HttpParameters::chunk, "what a user reads at once", "choice: a page",
             {.minimum = Bytes{1}, .maximum = Bytes{65536}})
        .add("draw", &HttpParameters::draw,
             "how requests are drawn: evenly spread over the mix, or independently of each other",
             "choice: short runs need less luck with rare big files", {.choices = {"spread", "independent"}})
        .add("start", &HttpParameters::start, "before the first user comes", "choice: servers are up by then",
             {.minimum = Time{}})
        .add("ramp", &HttpParameters::ramp, "in which the users come, one after another", "choice",
             {.minimum = Time{}})
        .add("rounds", &HttpParameters::rounds,
             "of a search for the most users that conform, from `connections` on; 0: none", "choice",
             {.minimum = 0, .maximum = 100})
        .add("settle", &HttpParameters::settle, "between a change of their number and the window", "choice",
             {.minimum = Time{}})
        .add("window", &HttpParameters::window, "in which the bit rate is measured", "choice",
             {.minimum = 10ms})
        .add("last_window", &HttpParameters::last_window, "the same in the last round", "choice",
             {.minimum = 10ms})
        .add("vanish", &HttpParameters::vanish,
             "after which all machines are cut off without a word; 0: never", "choice", {.minimum = Time{}})
        .add("service", &HttpParameters::service, "time that a machine takes for each frame",
             "choice: machines that are never the bottleneck", {.minimum = Time{}});

HttpSessions sessions_of(const std::string& name) {
  return name == "single"     ? HttpSessions::single
         : name == "requests" ? HttpSessions::requests
                              : HttpSessions::sessions;
}

class HttpClients final : public Client {
 public:
  HttpClients(const HttpParameters& p, const ClientContext& context) : parameters_(p), context_(context) {}

  void start(World& world, const Machine& machine) override {
    machines_.push_back(std::make_unique<HttpMachine>(context_, machine.station, parameters_.service));
    if (machine.number > 0) return;
    random_ = std::make_unique<RandomStream>(machine.random);
    const auto how = parameters_.draw == "spread" ? WebDraw::How::spread : WebDraw::How::independent;
    traffic_ = std::make_unique<HttpTraffic>(how, machine.random);
    traffic_->sessions = sessions_of(parameters_.sessions);
    if (parameters_.loop == "open") traffic_->sessions = HttpSessions::single;
    traffic_->line_rate = parameters_.line_rate;
    // Users who just conform.
    if (parameters_.line_rate > parameters_.conforming) {
      traffic_->waiting = 1 - parameters_.conforming / parameters_.line_rate;
    }
    traffic_->chunk = static_cast<std::uint32_t>(parameters_.chunk.count);
    // One actor for all machines of the template, which begin together.
    world.add_actor(
        machine.name, [this, &world] { work(world); }, World::Ends::lasting);
    if (parameters_.vanish > Time{}) {
      world.add_actor(
          machine.name + " vanishes", [this] { vanish(); }, World::Ends::lasting);
    }
  }
  void measure(Time now) override {
    served_before_ += traffic_->bytes;
    traffic_->measure();
    for (const auto& user : users_) user->bytes = 0;
    began_ = now;
  }
  void report(StatisticSink& sink, const std::string& prefix, Time now) const override {
    const double seconds = to_seconds(now - began_);
    const auto per_second = [&](auto count) { return static_cast<double>(count) / seconds; };
    std::size_t good = 0;
    for (std::size_t i = 0; i < wanted_; ++i) {
      good += per_second(users_[i]->bytes) * 8 >= parameters_.conforming ? 1U : 0U;
    }
    if (searched_) sink.value(prefix, score, found_);
    sink.value(prefix, users, static_cast<double>(wanted_));
    sink.value(prefix, conforming, static_cast<double>(good));
    sink.value(prefix, operations, per_second(traffic_->operations));
    sink.value(prefix, bit_rate, per_second(traffic_->bytes) * 8e-6);
    if (wanted_ > 0)
      sink.value(prefix, user_rate, per_second(traffic_->bytes) * 8e-3 / static_cast<double>(wanted_));
    sink.value(prefix, errors, static_cast<double>(traffic_->errors));
    sink.value(prefix, made, static_cast<double>(traffic_->connections));
    constexpr double ms = 1e-6;
    const Histogram& answers = traffic_->answers;
    if (traffic_->first_bytes.count() > 0) sink.value(prefix, first_byte, traffic_->first_bytes.mean() * ms);
    if (answers.count() > 0) {
      sink.value(prefix, answer_mean, answers.mean() * ms);
      sink.value(prefix, answer_median, static_cast<double>(answers.quantile(0.5)) * ms);
      sink.value(prefix, answer_95, static_cast<double>(answers.quantile(0.95)) * ms);
      sink.value(prefix, answer_99, static_cast<double>(answers.quantile(0.99)) * ms);
    }
    sink.value(prefix, complete, static_cast<double>(traffic_->operations));
    sink.value(prefix, received, static_cast<double>(traffic_->bytes));
  }

 private:
  void work(World& world) {
    World::Signal never_given(world);
    World::sleep(parameters_.start);
    if (parameters_.loop == "open") return arrive();
    set_users(static_cast<std::size_t>(parameters_.connections), parameters_.ramp);
    World::sleep(parameters_.ramp);
    for (std::int64_t round = 1; round <= parameters_.rounds; ++round) {
      const bool last = round == parameters_.rounds;
      search(last ? parameters_.last_window : parameters_.window);
      searched_ = last;
      if (!last) set_users(static_cast<std::size_t>(std::max(1.0, found_ + 0.5)), parameters_.settle / 2);
    }
    never_given.wait();
  }

  /// A server that can do no more serves any number of users at the same bit rate together: that rate, over
  /// what each must get, is how many conform. One that can serves all of them at the rate of their lines, and
  /// the next round has more.
  void search(Time window) {
    World::sleep(parameters_.settle);
    const std::uint64_t before = served();
    World::sleep(window);
    const double rate = static_cast<double>(served() - before) * 8 / to_seconds(window);
    found_ = rate / parameters_.conforming;
  }
  [[nodiscard]] std::uint64_t served() const { return served_before_ + traffic_->bytes; }

  void set_users(std::size_t count, Time ramp) {
    const Time now = context_.calendar.now();
    for (std::size_t i = count; i < users_.size(); ++i) users_[i]->leave();
    for (std::size_t i = users_.size(); i < count; ++i) add_user();
    const std::size_t added = count - std::min(count, wanted_);
    for (std::size_t i = 0; i < added; ++i) {
      const auto share = static_cast<std::int64_t>(i), of = static_cast<std::int64_t>(added);
      users_[wanted_ + i]->come(now + ramp * share / of);
    }
    wanted_ = count;
  }
  HttpUser& add_user() {
    const auto i = static_cast<std::uint32_t>(users_.size());
    const auto first = static_cast<std::uint32_t>(parameters_.first_instance);
    const auto others = std::max(1U, context_.instances - std::min(first, context_.instances));
    const auto all = parameters_.servers > 0 ? static_cast<std::uint32_t>(parameters_.servers) : others;
    const std::uint32_t instance = first + i % all;
    HttpMachine& machine = *machines_[i / all % machines_.size()];
    users_.push_back(std::make_unique<HttpUser>(machine, *traffic_, context_.address(instance),
                                                static_cast<std::uint16_t>(parameters_.port + instance),
                                                RandomStream(random_->next(), "user")));
    return *users_.back();
  }

  /// Poisson's law.
  [[noreturn]] void arrive() {
    for (;;) {
      World::sleep(Time{static_cast<std::int64_t>(exponential(*random_) / parameters_.rate * 1e12)});
      const auto idle = std::ranges::find_if(users_, [](const auto& user) { return !user->active(); });
      HttpUser& user = idle != users_.end() ? **idle : add_user();
      user.come_once(context_.calendar.now());
    }
  }
  void vanish() {
    World::sleep(parameters_.vanish);
    for (const auto& machine : machines_) machine->vanish();
    for (;;) World::sleep(1000s);
  }

  HttpParameters parameters_;
  const ClientContext& context_;
  std::unique_ptr<RandomStream> random_;
  std::unique_ptr<HttpTraffic> traffic_;
  std::vector<std::unique_ptr<HttpMachine>> machines_;
  std::vector<std::unique_ptr<HttpUser>> users_;
  std::size_t wanted_ = 0;  ///< of the users, the first so many shall be there
  std::uint64_t served_before_ = 0;
  double found_ = 0;       ///< users that conform, by the latest round
  bool searched_ = false;  ///< that was the last one
  Time began_{};
};

const RegisterClient<HttpClients, HttpParameters> registered{
    "http_clients", "web clients, as SPECweb99's or at random times", parameters};

}  // namespace
}  // namespace xensim
