#include "tests/faults/model_directory.hpp"

#include <memory>

namespace wb::simulation {

ModelDirectory::ModelDirectory(Loop& loop, Dice& dice, int accounts, Behaviour behaviour, Watcher watcher, Witness witness)
    : loop_(loop), dice_(dice), behaviour_(behaviour), watcher_(std::move(watcher)), witness_(std::move(witness)) {
  for (int i = 0; i < accounts; ++i) {
    Account account;
    account.now.ver = dice_.between(1, 9);
    account.now.pls = dice_.chance(0.1) ? 0 : 1'000 + i;
    if (dice_.chance(0.3)) account.now.mk = "wb1;before;1;A";
    account.now.mk_changed = account.now.mk ? unix_at_start - 40 * 86'400 : 0;
    account.passwords.push_back(first_password);
    accounts_.push_back(std::move(account));
  }
}

// ---- what is in it ------------------------------------------------------------------------------------------
std::int64_t ModelDirectory::filetime() { return 1'000'000 + std::chrono::duration_cast<std::chrono::microseconds>(loop_.now().time_since_epoch()).count() * 10; }

Verdict ModelDirectory::modify(const Modify& order) {
  if (order.old) witness_(order);
  if (dice_.chance(behaviour_.unwilling)) return Verdict::unwilling;
  auto& account = accounts_[static_cast<std::size_t>(order.account)];
  const auto& had = account.passwords;
  const bool repeated = order.enforce_history && std::find(had.begin(), had.end(), order.job) != had.end();
  const bool refused = order.password && (repeated || bad_password(order.job));
  const bool wrong = order.old && *order.old != had.back();
  if (wrong && behaviour_.history_first) return Verdict::wrong_old;
  if (refused && behaviour_.history_first) return Verdict::refused_password;
  if (order.pls && *order.pls != account.now.pls) return Verdict::swap_failed;
  if (order.mk_old && order.mk_old != account.now.mk) return Verdict::swap_failed;
  if (order.mk_new && !order.mk_old && account.now.mk) return Verdict::swap_failed;
  if (wrong) return Verdict::wrong_old;
  if (refused) return Verdict::refused_password;
  const auto before = account.now;
  if (order.pls) account.now.pls = order.must_change ? 0 : filetime();
  if (order.mk_new) account.now.mk = order.mk_new, account.now.mk_changed = unix_of(loop_.now()) + behaviour_.clock_s;
  if (order.password) {
    ++account.now.ver;
    account.passwords.push_back(order.job);
  }
  watcher_(order, before, account.now);
  return Verdict::done;
}

void ModelDirectory::reset_by_helpdesk(int account, bool must_change) {
  auto& a = accounts_[static_cast<std::size_t>(account)];
  const auto before = a.now;
  ++a.now.ver;
  a.now.pls = must_change ? 0 : filetime();
  a.passwords.push_back(nobodys);
  Modify order;
  order.account = account, order.password = true;
  watcher_(order, before, a.now);
}

void ModelDirectory::set_marker(int account, std::optional<std::string> value) {
  auto& a = accounts_[static_cast<std::size_t>(account)];
  const auto before = a.now;
  a.now.mk = std::move(value);
  a.now.mk_changed = unix_of(loop_.now()) + behaviour_.clock_s;
  Modify order;
  order.account = account;
  watcher_(order, before, a.now);
}

void ModelDirectory::refuse_password_of(int job) {
  bad_.resize(std::max(bad_.size(), static_cast<std::size_t>(job) + 1));
  bad_[static_cast<std::size_t>(job)] = true;
}

// ---- requests -----------------------------------------------------------------------------------------------
void ModelDirectory::thaw() {
  frozen_ = false;
  for (auto& landing : std::exchange(waiting_, {})) loop_.after(travel(), [this, landing = std::move(landing), life = life_] { land(landing, life); });
}

void ModelDirectory::kill() {
  ++life_;
  up_ = frozen_ = false;
  for (auto& landing : std::exchange(waiting_, {})) {
    --underway_;
    landing(false);
  }
}

void ModelDirectory::request(Landing landing) {
  ++underway_;
  const bool late = dice_.chance(behaviour_.late);
  const auto on_the_way = late ? dice_.any_scale(10ms, behaviour_.late_most) : travel();
  loop_.after(on_the_way, [this, landing = std::move(landing), life = life_] { land(landing, life); });
}

void ModelDirectory::land(Landing landing, int life) {
  if (up_ && frozen_ && life == life_) return waiting_.push_back(std::move(landing));
  --underway_;
  landing(up_ && life == life_);
}

// The first answer counts; without one there is the deadline.
template <class Answer> std::function<void(Answer, Span)> ModelDirectory::answer_once(Process& asker, std::function<void(Answer)> then) {
  auto open = std::make_shared<bool>(true);
  auto once = [open, then = std::move(then)](Answer answer) {
    if (std::exchange(*open, false)) then(std::move(answer));
  };
  Answer nothing;
  nothing.reply = Reply::timed_out;
  asker.then(behaviour_.deadline, [once, nothing] { once(nothing); });
  return [&asker, once, life = asker.life()](Answer answer, Span delay) {
    if (life == asker.life()) asker.then(delay, [once, answer = std::move(answer)] { once(answer); });
  };
}

// A frozen one may still have a connection open to it: what is sent there lands when it thaws.
template <class Answer> bool ModelDirectory::no_connection(Process& asker, const std::function<void(Answer)>& then) {
  if (up_ && (!frozen_ || dice_.chance(0.6))) return false;
  Answer nothing;
  nothing.reply = Reply::unreachable;
  asker.then(up_ ? behaviour_.deadline : travel(), [then, nothing] { then(nothing); });
  return true;
}

void ModelDirectory::read(Process& asker, int account, std::function<void(Read)> then) {
  if (no_connection<Read>(asker, then)) return;
  auto tell = answer_once<Read>(asker, std::move(then));
  request([this, account, tell](bool alive) {
    Read answer;
    if (alive) answer.reading = look(account);
    else answer.reply = Reply::lost;
    tell(std::move(answer), travel());
  });
}

void ModelDirectory::write(Process& asker, Modify order, std::function<void(Write)> then) {
  if (no_connection<Write>(asker, then)) return;
  auto tell = answer_once<Write>(asker, std::move(then));
  order.sent = loop_.now();
  request([this, order = std::move(order), tell](bool alive) {
    Write answer;
    answer.reply = alive ? Reply::answered : Reply::lost;
    if (!alive) return tell(std::move(answer), travel());
    answer.verdict = modify(order);
    // The read-back stands right behind it on the same connection; others may come in between.
    ++underway_;
    loop_.after(travel() / 8, [this, answer, account = order.account, tell, life = life_] {
      const auto read_back = [this, answer, account, tell](bool still) mutable {
        if (still) answer.after = look(account);
        else if (dice_.chance(0.5)) answer.reply = Reply::lost;
        tell(std::move(answer), travel());
      };
      land(read_back, life);
    });
  });
}

}  // namespace wb::simulation
