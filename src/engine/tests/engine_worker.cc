// The worker of the engine's tests, without the rest of the program.
#include "engine/worker_main.h"

int main(int argc, char** argv) {
  return bl::engine::worker_main(argc, argv).value_or(2);
}
