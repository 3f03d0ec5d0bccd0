// What became of a job, in words: from its code and reason, never by the text that an agent sent.
#pragma once
#include <string>
#include <string_view>

#include "service/catalogue.hpp"
#include "service/store.hpp"

namespace wb::service {

// Of a job that is told (service/api). The numbers of the rules ("12 characters") are those of its probe; without them once that is gone.
std::string told_job(const Catalogue& catalogue, Store& store, std::string_view language, const JobRow& job);

}  // namespace wb::service
