#include <csignal>

#include "experiments/runner/command.hpp"

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file past the shell's limit is an error like a full disk, not a death
  return xensim::run_command(argc, argv);
}
