#include "agent/control_client.hpp"

#include <cstdlib>
#include <ostream>
#include <thread>

#include "agent/control_door.hpp"
#include "agent/status.hpp"
#include "core/ids.hpp"
#include "protocol/json.hpp"

namespace wb::agent {
namespace {
constexpr int exit_refused = 1;
constexpr auto watch_every = std::chrono::seconds(2);
constexpr std::string_view clear_screen = "\033[H\033[2J";

int failed(const Fault& why, const std::filesystem::path& socket, std::ostream& err) {
  const bool refused = why.kind == Fault::Kind::refused, nobody = why.kind == Fault::Kind::unreachable;
  err << "writeback-agent: " << (refused ? "this user may not ask the agent" : nobody ? "no agent runs"
                                                                                      : "the agent does not answer")
      << " (" << socket.string() << ": " << (why.detail.empty() ? to_string(why.kind) : std::string_view(why.detail)) << ")\n";
  if (refused) err << "Ask as root, as the agent's user or as a member of its group.\n";
  if (nobody) err << "Start it (systemctl start writeback-agent), or name the configuration it runs with (--config FILE).\n";
  return refused ? exit_not_allowed : nobody ? exit_not_running
                                             : exit_refused;
}

// Lines of it, each made harmless for a terminal.
void say_lines(const std::string& text, std::ostream& out) {
  for (std::size_t from = 0; from <= text.size();) {
    const auto to = std::min(text.find('\n', from), text.size());
    out << printable(std::string_view(text).substr(from, to - from), 500) << "\n";
    from = to + 1;
  }
}

int once(const std::filesystem::path& socket, const ControlQuestion& question, std::ostream& out, std::ostream& err) {
  const auto answer = ask(socket, question.line);
  if (!answer) return failed(answer.error(), socket, err);
  const auto parsed = protocol::parse_json(*answer, 12);
  const auto* all = parsed ? parsed->if_object() : nullptr;
  if (!all) return err << "writeback-agent: the agent's answer can't be read\n", exit_refused;
  const auto text_of = [all](const char* name) {
    const auto* text = all->contains(name) ? all->at(name).if_string() : nullptr;
    return text ? std::string(*text) : std::string();
  };
  if (all->contains("error")) {
    say_lines("writeback-agent: " + text_of("text"), err);
    return text_of("error") == "forbidden" ? exit_not_allowed : exit_refused;
  }
  if (question.watch && !question.json) out << clear_screen;
  if (question.json) out << *answer << "\n";
  else if (question.line != "status") say_lines(text_of("text"), out);
  else if (const auto text = status_text(*answer)) out << *text;
  out.flush();
  return EXIT_SUCCESS;
}
}  // namespace

Result<std::string> ask(const std::filesystem::path& socket, const std::string& line) {
  asio::io_context io(1);
  Result<std::string> answer = fault(Fault::Kind::internal, "control.answer", "");
  auto asking = ask_agent(socket, line);
  asio::co_spawn(io, std::move(asking), [&answer](std::exception_ptr error, Result<std::string> got) {
    if (error) std::rethrow_exception(error);
    answer = std::move(got);
  });
  io.run();
  return answer;
}

int control(const std::filesystem::path& socket, const ControlQuestion& question, std::ostream& out, std::ostream& err) {
  for (;;) {
    const int code = once(socket, question, out, err);
    if (code != EXIT_SUCCESS || !question.watch || !out) return code;
    std::this_thread::sleep_for(watch_every);
  }
}

}  // namespace wb::agent
