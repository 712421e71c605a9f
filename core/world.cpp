#include "core/world.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <exception>
#include <simgrid/kernel/resource/Model.hpp>
#include <simgrid/s4u.hpp>
#include <utility>
#include <vector>

namespace xensim {
namespace {

/// SimGrid's clock and the durations it counts down are doubles, and the clock goes on from world to world.
/// Its unit is 2^30 ns here, so that whole nanoseconds add up exactly for the first hundred days of a
/// process.
constexpr double nanosecond = 1.0 / (1 << 30);

/// Of whole nanoseconds.
double to_simgrid(Time time) { return static_cast<double>(time / 1ns) * nanosecond; }
Time from_simgrid(double units) { return std::llround(units / nanosecond) * Time{1ns}; }

/// What hosts and actors of one world share.
struct Border {
  double began = 0;  ///< on SimGrid's clock
  std::exception_ptr error{};
  Calendar* running = nullptr;                      ///< of the host whose events happen just now
  std::vector<simgrid::s4u::SemaphorePtr> given{};  ///< by them, to actors who have not been told
  std::size_t returning = 0;                        ///< actors that have yet to return
};

/// A host's calendar as a SimGrid model, after the pattern of SimGrid's ns-3 bridge: asked how far it can
/// go, it goes there, or to the first event that an actor waits for.
class HostModel final : public simgrid::kernel::resource::Model {
 public:
  HostModel(const std::string& name, Calendar& calendar, Border& border)
      : Model(name), calendar_(calendar), border_(border) {}

  bool next_occurring_event_is_idempotent() override { return false; }

  double next_occurring_event(double max_delta) override {
    const double clock = simgrid::s4u::Engine::get_clock();
    if (max_delta >= 0) {
      catch_up(from_simgrid(clock + max_delta - border_.began));
    } else if (border_.returning > 0 && calendar_.next() != never) {
      catch_up(never);
    }  // otherwise nobody waits for anything, and the host need not move either
    if (border_.given.empty()) return max_delta;
    const double stopped = to_simgrid(calendar_.now()) - (clock - border_.began);
    return max_delta < 0 ? std::max(stopped, 0.0) : std::clamp(stopped, 0.0, max_delta);
  }

  void update_actions_state(double now, double /*delta*/) override {
    catch_up(from_simgrid(now - border_.began));
    for (const simgrid::s4u::SemaphorePtr& semaphore : std::exchange(border_.given, {})) semaphore->release();
  }

 private:
  void catch_up(Time now) {
    if (border_.error || now <= calendar_.now()) return;
    border_.running = &calendar_;
    try {
      calendar_.run_before(now);
    } catch (...) {
      border_.error = std::current_exception();  // must not unwind through SimGrid
    }
    border_.running = nullptr;
  }

  Calendar& calendar_;
  Border& border_;
};

}  // namespace

struct World::Signal::Implementation {
  Border& border;
  simgrid::s4u::SemaphorePtr semaphore = simgrid::s4u::Semaphore::create(0);
  bool given = false;
};

struct World::Implementation {
  Implementation() {
    std::string program = "xensim";
    std::string quiet = "--log=root.thresh:error";
    std::string precision = "--cfg=surf/precision:1e-10";  // what is closer counts as one time
    std::array<char*, 4> arguments{program.data(), quiet.data(), precision.data(), nullptr};
    int count = 3;
    struct sigaction interrupt {};
    ::sigaction(SIGINT, nullptr, &interrupt);
    engine = std::make_unique<simgrid::s4u::Engine>(&count, arguments.data());
    ::sigaction(SIGINT, &interrupt, nullptr);  // SimGrid would end the process, which is not its own
    zone = simgrid::s4u::create_empty_zone("world");
    border.began = simgrid::s4u::Engine::get_clock();
  }
  void seal() {
    if (!std::exchange(sealed, true)) zone->seal();
  }

  std::unique_ptr<simgrid::s4u::Engine> engine;
  simgrid::s4u::NetZone* zone = nullptr;
  Border border;
  bool sealed = false, ended = false;
};

World::World() : implementation_(std::make_unique<Implementation>()) {}

World::~World() {
  // SimGrid lets the next engine begin only when no actor of this one is left. Actors that never ran
  // must begin before they can be ended.
  implementation_->ended = true;
  implementation_->seal();
  implementation_->engine->run_until(simgrid::s4u::Engine::get_clock());
  simgrid::s4u::Actor::kill_all();
  implementation_->engine->run_until(simgrid::s4u::Engine::get_clock());
}

void World::add_host(const std::string& name, Calendar& calendar) {
  implementation_->engine->add_model(std::make_shared<HostModel>(name, calendar, implementation_->border));
}

void World::add_actor(const std::string& name, std::function<void()> body, Ends ends) {
  const bool returns = ends == Ends::returning;
  if (returns) ++implementation_->border.returning;
  const auto guarded = [body = std::move(body), returns, &border = implementation_->border,
                        &ended = implementation_->ended] {
    if (ended) return;
    try {
      body();
    } catch (const std::exception&) {  // what SimGrid throws to end an actor is none, and passes
      if (!border.error) border.error = std::current_exception();
    }
    if (returns) --border.returning;
  };
  simgrid::s4u::Host* machine = implementation_->zone->create_host(name, 1e9);
  const simgrid::s4u::ActorPtr actor = simgrid::s4u::Actor::create(name, machine, guarded);
  if (!returns) actor->daemonize();
}

World::Signal::Signal(World& world)
    : implementation_(new Implementation{.border = world.implementation_->border}) {}

World::Signal::~Signal() = default;

void World::Signal::give() {
  if (std::exchange(implementation_->given, true)) return;
  Border& border = implementation_->border;
  if (border.running == nullptr) return implementation_->semaphore->release();
  border.running->hold(std::chrono::ceil<std::chrono::nanoseconds>(border.running->now()));
  border.given.push_back(implementation_->semaphore);
}

void World::Signal::wait() {
  implementation_->semaphore->acquire();
  implementation_->given = false;
}

void World::sleep(Time duration) {
  simgrid::s4u::this_actor::sleep_for(to_simgrid(std::chrono::round<std::chrono::nanoseconds>(duration)));
}

void World::run() {
  implementation_->seal();
  implementation_->engine->run();
  if (implementation_->border.error) std::rethrow_exception(implementation_->border.error);
}

Time World::now() const {
  return from_simgrid(simgrid::s4u::Engine::get_clock() - implementation_->border.began);
}

}  // namespace xensim
