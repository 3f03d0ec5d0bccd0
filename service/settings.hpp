// What the parts of the service need to know, in one place; times are here so that tests can use milliseconds.
#pragma once
#include <chrono>
#include <string>

#include "queue/job_machine.hpp"
#include "service/captcha.hpp"
#include "service/methods/argon2.hpp"

namespace wb::service {

struct Settings {
  std::string tenant, public_url;  // public_url: `iss` of jobs and `gateway` of challenges
  int window = 8;                  // jobs at once per agent and domain
  bool channel_binding = true;     // the hello must carry the TLS exporter
  std::chrono::milliseconds hello_timeout{5'000}, hello_pause{1'000}, heartbeat{25'000};
  std::chrono::milliseconds probe_wait{10'000}, wait_max{30'000};
  std::chrono::milliseconds ack_delay{20};                    // how long outcomes may wait to be flushed together
  std::chrono::milliseconds release_look{1'000};              // how often is looked for what an operator ordered: releases, revocations, keys
  std::chrono::hours audit_keep{0};                           // 0: for ever
  int enrol_per_minute = 5;                                   // per address
  int messages_per_second = 2'000, messages_at_once = 8'192;  // of one agent: far above what its window and its unacked results come to
  std::size_t greetings_max = 1'024;                          // links whose hello has not come yet
  // A stream of a job's events: how often it shows that it lives, and when it ends.
  std::chrono::milliseconds events_beat{15'000}, events_most{300'000};
  std::size_t event_streams_max = 1'000;
  std::size_t sessions_max = 10'000, live_jobs_max = 10'000, waiters_max = 16;
  queue::JobTimings jobs;
  // Self-service: what depends on an account is told at the end of such a span after the session's beginning, so that the time
  // of a look-up says nothing about the name.
  std::chrono::milliseconds look_span{1'000}, settle_wait{25'000};
  // And every answer before the first proof is given at a multiple of this: what an account has costs more work than what nobody has.
  std::chrono::milliseconds answer_step{10};
  Difficulty captcha;
  Argon2Cost argon2;
  Limits::Table limit = limit_of;
};

}  // namespace wb::service
