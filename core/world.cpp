#include "core/world.hpp"

#include <array>
#include <cmath>
#include <exception>
#include <simgrid/kernel/resource/Model.hpp>
#include <simgrid/s4u.hpp>
#include <vector>

namespace xensim {
namespace {

double to_simgrid(Time time) { return static_cast<double>(time.count()) * 1e-12; }

/// Whole nanoseconds.
Time from_simgrid(double seconds) { return Time{std::llround(seconds * 1e9) * 1000}; }

/// A host's calendar as a SimGrid model, after the pattern of SimGrid's ns-3 bridge: asked how far it can
/// go, it goes there.
class HostModel final : public simgrid::kernel::resource::Model {
 public:
  HostModel(const std::string& name, Calendar& calendar, double began, std::exception_ptr& error)
      : Model(name), calendar_(calendar), began_(began), error_(error) {}

  bool next_occurring_event_is_idempotent() override { return false; }

  double next_occurring_event(double max_delta) override {
    // Negative: no actor waits for anything, so the host need not move either.
    if (max_delta >= 0) catch_up(simgrid::s4u::Engine::get_clock() + max_delta);
    return max_delta;
  }

  void update_actions_state(double now, double /*delta*/) override { catch_up(now); }

 private:
  void catch_up(double simgrid_now) {
    const Time now = from_simgrid(simgrid_now - began_);
    if (error_ || now <= calendar_.now()) return;
    try {
      calendar_.run_before(now);
    } catch (...) {
      error_ = std::current_exception();  // must not unwind through SimGrid
    }
  }

  Calendar& calendar_;
  double began_;
  std::exception_ptr& error_;
};

}  // namespace

struct World::Implementation {
  Implementation() {
    std::string program = "xensim";
    std::string quiet = "--log=root.thresh:error";
    std::array<char*, 3> arguments{program.data(), quiet.data(), nullptr};
    int count = 2;
    engine = std::make_unique<simgrid::s4u::Engine>(&count, arguments.data());
    simgrid::s4u::NetZone* zone = simgrid::s4u::create_full_zone("world");
    outside = zone->create_host("outside", 1e9);
    zone->seal();
    began = simgrid::s4u::Engine::get_clock();
  }

  std::unique_ptr<simgrid::s4u::Engine> engine;
  simgrid::s4u::Host* outside = nullptr;
  double began = 0;
  std::exception_ptr error;
  bool ended = false;
};

World::World() : implementation_(std::make_unique<Implementation>()) {}

World::~World() {
  // SimGrid lets the next engine begin only when no actor of this one is left. Actors that never ran
  // must begin before they can be ended.
  implementation_->ended = true;
  implementation_->engine->run_until(simgrid::s4u::Engine::get_clock());
  simgrid::s4u::Actor::kill_all();
  implementation_->engine->run_until(simgrid::s4u::Engine::get_clock());
}

void World::add_host(const std::string& name, Calendar& calendar) {
  implementation_->engine->add_model(
      std::make_shared<HostModel>(name, calendar, implementation_->began, implementation_->error));
}

void World::add_actor(const std::string& name, std::function<void()> body) {
  const auto guarded = [body = std::move(body), &error = implementation_->error,
                        &ended = implementation_->ended] {
    if (ended) return;
    try {
      body();
    } catch (const simgrid::ForcefulKillException&) {
      throw;  // SimGrid's own way to end an actor
    } catch (...) {
      if (!error) error = std::current_exception();
    }
  };
  simgrid::s4u::Actor::create(name, implementation_->outside, guarded);
}

void World::sleep(Time duration) {
  simgrid::s4u::this_actor::sleep_for(to_simgrid(std::chrono::round<std::chrono::nanoseconds>(duration)));
}

void World::run() {
  implementation_->engine->run();
  if (implementation_->error) std::rethrow_exception(implementation_->error);
}

Time World::now() const { return from_simgrid(simgrid::s4u::Engine::get_clock() - implementation_->began); }

}  // namespace xensim
