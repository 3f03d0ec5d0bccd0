// A client of the writeback API that keeps N resets in flight: probes a batch of accounts, seals for each, then submits
// and follows them to their outcome. The timed part is submit to outcome; probing is timed apart. Prints one JSON line.
// With PIDs: the CPU those processes used, in seconds per 1,000 resets, apart for probing and for the resets.
//   load CLIENT_FILE CA IN_FLIGHT COUNT [PID...]
#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/base64url.hpp"
#include "core/ids.hpp"
#include "core/secret.hpp"
#include "crypto/jwe.hpp"
#include "crypto/trust.hpp"
#include "protocol/codec.hpp"
#include "protocol/json.hpp"

namespace {
using namespace wb;
namespace json = boost::json;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) { return std::chrono::duration<double, std::milli>(Clock::now() - start).count(); }

json::value parse(const std::string& text) {
  auto value = protocol::parse_json(text, 12);
  if (value.has_error()) throw std::runtime_error("not JSON: " + value.error().detail);
  return value.value();
}

struct Credential {
  std::string url, id, secret, domain, tenant, dr;
};

// One keep-alive connection; used by one thread.
class Api {
 public:
  Api(const Credential& c, const std::string& ca) : url_(c.url), ca_(ca), curl_(curl_easy_init()) {
    headers_ = curl_slist_append(headers_, ("Authorization: Bearer wbc1." + c.id + "." + c.secret).c_str());
    headers_ = curl_slist_append(headers_, "Content-Type: application/json");
  }
  ~Api() {
    curl_slist_free_all(headers_);
    curl_easy_cleanup(curl_);
  }
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  json::value call(const std::string& path, const std::string* body) {
    std::string answer;
    curl_easy_reset(curl_);
    curl_easy_setopt(curl_, CURLOPT_URL, (url_ + path).c_str());
    curl_easy_setopt(curl_, CURLOPT_CAINFO, ca_.c_str());
    curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(curl_, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(
        curl_, CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t size, std::size_t count, void* out) {
          static_cast<std::string*>(out)->append(data, size * count);
          return size * count;
        });
    if (body) curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body->c_str());
    if (const auto rc = curl_easy_perform(curl_)) throw std::runtime_error(curl_easy_strerror(rc));
    return parse(answer);
  }

 private:
  std::string url_, ca_;
  CURL* curl_;
  curl_slist* headers_ = nullptr;
};

std::string text(const json::value& object, const char* name) {
  const auto* found = object.as_object().if_contains(name);
  if (!found || !found->is_string()) throw std::runtime_error("no " + std::string(name) + " in " + json::serialize(object));
  return std::string(found->as_string());
}

struct Keys {
  protocol::Roster roster;
  std::vector<crypto::PublicKey> recipients;
};

Keys fetch_keys(Api& api, const Credential& c) {
  const auto answer = api.call("/api/v1/keys", nullptr);
  const auto now = answer.at("now").as_int64();
  Keys keys;
  keys.roster = crypto::check_roster(text(answer, "roster"), c.dr, c.tenant, c.domain, 0, now).value();
  for (const auto& s : answer.at("statements").as_array())
    for (const auto& key : crypto::check_statement(std::string(s.as_string()), keys.roster, now).value().ae)
      keys.recipients.push_back(crypto::PublicKey::from_jwk(key.jwk).value());
  return keys;
}

struct Prepared {
  std::string body, jti;
};
struct Sample {
  double ms = 0, agent_ms = 0, directory_ms = 0;
  bool applied = false;
};

Prepared prepare(Api& api, const Credential& c, const Keys& keys, int user) {
  char name[8];
  std::snprintf(name, sizeof name, "u%03d", user % 100);
  const auto probe = api.call("/api/v1/probes", std::make_unique<std::string>(json::serialize(json::object{{"name", name}})).get());
  if (text(probe, "outcome") != "ok") throw std::runtime_error("probe: " + json::serialize(probe));
  const auto answer = protocol::decode<protocol::ProbeAnswer>(json::serialize(probe.at("answer"))).value();
  protocol::SealBinding binding;
  binding.jti = new_ulid();
  binding.ten = c.tenant;
  binding.dom = c.domain;
  binding.sub = answer.sub;
  binding.iat = answer.now;
  binding.exp = answer.now + protocol::seal_seconds_max;
  binding.rsn = keys.roster.rsn;
  binding.pre = answer.pre;
  binding.nce = base64url(random_bytes(16));
  const auto plain = crypto::make_plaintext(Secret::copy_of("Load-Passw0rd-" + binding.jti));
  const auto sealed = crypto::seal(keys.recipients, binding, plain).value();
  return {json::serialize(json::object{{"probe", text(probe, "probe")}, {"sealed", sealed}}), binding.jti};
}

Sample follow(Api& api, const Prepared& job) {
  const auto start = Clock::now();
  auto end = api.call("/api/v1/jobs?wait_ms=30000", &job.body);
  if (text(end, "state") != "final") end = api.call("/api/v1/jobs/" + job.jti + "?wait_ms=30000", nullptr);
  Sample sample;
  sample.ms = ms_since(start);
  sample.applied = text(end, "state") == "final" && text(end, "outcome") == "applied";
  if (!sample.applied) {
    std::fprintf(stderr, "load: %s\n", json::serialize(end).c_str());
    return sample;
  }
  const auto jws = text(end, "result");
  const auto dot = jws.find('.');
  const auto payload = from_base64url(std::string_view(jws).substr(dot + 1, jws.rfind('.') - dot - 1));
  const auto result = protocol::decode<protocol::JobResult>(payload.value_or("")).value();
  sample.agent_ms = result.total_ms - result.directory_ms;
  sample.directory_ms = result.directory_ms;
  return sample;
}

double median(std::vector<double> v, std::size_t percent = 50) {
  std::sort(v.begin(), v.end());
  return v.empty() ? 0 : v[std::min(v.size() - 1, v.size() * percent / 100)];
}

Credential read_credential(const char* file) {
  std::ifstream in(file);
  const std::string content((std::istreambuf_iterator<char>(in)), {});
  const auto v = parse(content);
  return {text(v, "url"), text(v, "id"), text(v, "secret"), text(v, "domain"), text(v, "tenant"), text(v, "dr")};
}

template <class F> void in_threads(std::vector<std::unique_ptr<Api>>& apis, int count, F work) {
  std::atomic<int> next{0};
  std::vector<std::jthread> threads;
  for (auto& api : apis)
    threads.emplace_back([&] { for (int i = next++; i < count; i = next++) work(*api, i); });
}

// Nanoseconds on a CPU, all threads: schedstat counts them exactly, where stat counts ticks.
double cpu_seconds(const std::string& pid) {
  double sum = 0;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + pid + "/task")) {
    std::ifstream in(thread.path() / "schedstat");
    double ns = 0;
    if (in >> ns) sum += ns / 1e9;
  }
  return sum;
}

class CpuMeter {
 public:
  explicit CpuMeter(std::vector<std::string> pids) : pids_(std::move(pids)), probing_(pids_.size()), resets_(pids_.size()) {}
  template <class F> double timed(bool resetting, F work) {
    std::vector<double> before;
    for (const auto& pid : pids_) before.push_back(cpu_seconds(pid));
    const auto start = Clock::now();
    work();
    const auto ms = ms_since(start);
    for (std::size_t i = 0; i < pids_.size(); ++i) (resetting ? resets_ : probing_)[i] += cpu_seconds(pids_[i]) - before[i];
    return ms;
  }
  json::object per_thousand(int count) const {
    json::object out;
    for (std::size_t i = 0; i < pids_.size(); ++i) out[pids_[i]] = json::array{probing_[i] * 1000 / count, resets_[i] * 1000 / count};
    return out;
  }

 private:
  std::vector<std::string> pids_;
  std::vector<double> probing_, resets_;
};

void run(int argc, char** argv) {
  const auto credential = read_credential(argv[1]);
  const int in_flight = std::atoi(argv[3]), count = std::atoi(argv[4]);
  std::vector<std::unique_ptr<Api>> apis;
  for (int i = 0; i < in_flight; ++i) apis.push_back(std::make_unique<Api>(credential, argv[2]));
  const auto keys = fetch_keys(*apis[0], credential);
  CpuMeter meter(std::vector<std::string>(argv + 5, argv + argc));
  double wall = 0, probing = 0;
  std::vector<double> ms, agent, directory;
  int applied = 0;
  for (int done = 0; done < count; done += 100) {  // at most one job per account at a time: a batch is 100 accounts
    const int batch = std::min(100, count - done);
    std::vector<Prepared> jobs(static_cast<std::size_t>(batch));
    std::vector<Sample> samples(jobs.size());
    probing += meter.timed(false, [&] { in_threads(apis, batch, [&](Api& api, int i) { jobs[static_cast<std::size_t>(i)] = prepare(api, credential, keys, i); }); });
    wall += meter.timed(true, [&] { in_threads(apis, batch, [&](Api& api, int i) { samples[static_cast<std::size_t>(i)] = follow(api, jobs[static_cast<std::size_t>(i)]); }); }) / 1000;
    for (const auto& s : samples) {
      applied += s.applied;
      ms.push_back(s.ms);
      agent.push_back(s.agent_ms);
      directory.push_back(s.directory_ms);
    }
  }
  const json::object line{{"count", count}, {"applied", applied}, {"wall_s", wall}, {"rate", applied / wall}, {"p50_ms", median(ms)}, {"p99_ms", median(ms, 99)}, {"agent_p50_ms", median(agent)},
      {"directory_p50_ms", median(directory)}, {"probe_and_seal_ms", probing / count}, {"cpu", meter.per_thousand(count)}};
  std::printf("%s\n", json::serialize(line).c_str());
}
}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return std::fprintf(stderr, "usage: load CLIENT_FILE CA IN_FLIGHT COUNT [PID...]\n"), 2;
  curl_global_init(CURL_GLOBAL_ALL);
  try {
    run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "load: %s\n", e.what());
    return 1;
  }
}
