// How a rule is applied.
#pragma once

namespace wb::policy {

enum class Mode { enforce,
  audit,  // judged and logged, and let through: for finding out what a rule would do
  off };

}  // namespace wb::policy
