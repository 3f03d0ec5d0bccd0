// reset-service.
#include <iostream>
#include <string>
#include <vector>

#include "core/secret.hpp"
#include "platform/process.hpp"
#include "service/verbs.hpp"

int main(int argc, char** argv) {
  wb::platform::harden_process();
  wb::secret_heap_start();
  try {
    return wb::service::command_line({argv + 1, argv + argc});
  } catch (const std::exception& e) {
    std::cerr << "reset-service: " << e.what() << "\n";
    return wb::exit_failed;
  }
}
