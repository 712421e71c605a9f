#include "experiments/runner/command.hpp"

int main(int argc, char** argv) { return xensim::run_command(argc, argv); }
