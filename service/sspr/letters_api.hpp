// An organisation's own texts of its letters over HTTP (docs/SSPR.md, "What letters say"): /api/v1/letters, for clients with the scope
// `settings` and signed-in administrators.
#pragma once
#include <vector>

#include "service/sspr/caller.hpp"
#include "service/sspr/letters.hpp"

namespace wb::service::sspr {

class LettersApi {
 public:
  explicit LettersApi(SelfService& self) : self_(self) {}
  std::vector<Endpoint> endpoints();

 private:
  using Response = link::HttpResponse;
  using Handler = Response (LettersApi::*)(const HttpCall& call, const LetterKey& key);
  Response list(const HttpCall& call);
  Response show(const HttpCall& call, const LetterKey& key);
  Response put(const HttpCall& call, const LetterKey& key);
  Response give_back(const HttpCall& call, const LetterKey& key);  // the shipped text
  Response preview(const HttpCall& call, const LetterKey& key);    // saves nothing
  Response history(const HttpCall& call, const LetterKey& key);

  Endpoint of_one(std::string method, const std::string& below, Handler handler);
  // What the body says, or why it is refused.
  std::optional<Response> read(const HttpCall& call, const LetterKey& key, OwnWording& out) const;
  Response save(const HttpCall& call, const LetterKey& key, const OwnWording& wanted);

  SelfService& self_;
};

}  // namespace wb::service::sspr
