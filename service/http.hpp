// How the service talks HTTP: JSON answers, and errors as problem details (docs/PROTOCOL.md section 7).
#pragma once
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <optional>
#include <string>
#include <string_view>

#include "link/web_server.hpp"
#include "protocol/json.hpp"

namespace wb::service {

namespace json = boost::json;

inline link::HttpResponse answer(int status, const json::object& body) {
  link::HttpResponse response;
  response.status = status;
  response.body = json::serialize(body);
  response.headers["Cache-Control"] = "no-store";
  return response;
}

inline std::string_view title_of(int status) {
  switch (status) {
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 422: return "Unprocessable Content";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 503: return "Service Unavailable";
  }
  return "Error";
}

// Problem details (RFC 9457): `code` is stable, `detail` is for people, `more` are further members. `error` repeats them as
// agents and earlier clients read them.
inline link::HttpResponse problem(int status, std::string_view code, std::string_view detail, json::object more = {}) {
  json::object error{{"code", code}, {"message", detail}};
  if (const auto* retry = more.if_contains("retry_after_ms")) error["retry_after_ms"] = *retry;
  json::object body{{"type", "urn:writeback:problem:" + std::string(code)}, {"title", title_of(status)}, {"status", status}, {"code", code}, {"detail", detail}};
  for (auto& [name, value] : more) body[name] = std::move(value);
  body["error"] = std::move(error);
  auto response = answer(status, body);
  response.content_type = "application/problem+json";
  return response;
}

enum class Refusal { unauthorized,
  forbidden,
  bad_request,
  not_found,
  conflict,
  too_large,
  busy,
  busy_account,
  in_doubt,
  unavailable,
  gone };

inline link::HttpResponse refuse(Refusal why, std::string_view message, std::optional<int> retry_after_ms = std::nullopt) {
  struct Shape {
    int status;
    std::string_view code;
  };
  const Shape shape = [&]() -> Shape {
    switch (why) {
      case Refusal::unauthorized: return {401, "unauthorized"};
      case Refusal::forbidden: return {403, "forbidden"};
      case Refusal::bad_request: return {400, "bad_request"};
      case Refusal::not_found: return {404, "not_found"};
      case Refusal::conflict: return {409, "conflict"};
      case Refusal::too_large: return {413, "too_large"};
      case Refusal::busy: return {429, "busy"};
      case Refusal::busy_account: return {409, "busy"};
      case Refusal::in_doubt: return {409, "in_doubt"};
      case Refusal::unavailable: return {503, "unavailable"};
      case Refusal::gone: return {410, "gone"};
    }
    return {500, "unavailable"};
  }();
  json::object more;
  if (retry_after_ms) more["retry_after_ms"] = *retry_after_ms;
  auto response = problem(shape.status, shape.code, message, std::move(more));
  if (why == Refusal::unauthorized) response.headers["WWW-Authenticate"] = "Bearer";
  return response;
}

// Our own trouble: logged here with its detail, which the caller is not told.
link::HttpResponse refuse_for(const Fault& fault);

}  // namespace wb::service
