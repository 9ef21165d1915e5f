#include "store/postgres/postgres_error.h"

#include <array>

namespace bl::store {
namespace {

struct Meaning {
  std::string_view prefix;  // of the SQLSTATE; the first that fits counts
  Code code;
  Trouble trouble = Trouble::none;
};

constexpr std::array k_meanings = {
    Meaning{"40001", Code::overloaded, Trouble::conflicting},
    Meaning{"40P01", Code::overloaded, Trouble::conflicting},
    Meaning{"08P01", Code::internal},  // a wrong number of parameters
    Meaning{"08", Code::unavailable, Trouble::lost},
    Meaning{"22", Code::invalid},
    Meaning{"23", Code::conflict},
    Meaning{"25006", Code::unavailable},
    Meaning{"25P03", Code::timeout, Trouble::lost},      // idle in the transaction for too long
    Meaning{"26000", Code::unavailable, Trouble::lost},  // it forgot what we prepared
    Meaning{"28", Code::unavailable},
    Meaning{"3D000", Code::not_found},  // no such database
    Meaning{"53100", Code::disk_full},
    Meaning{"53", Code::overloaded},
    Meaning{"54", Code::too_large},
    Meaning{"55P03", Code::overloaded},
    Meaning{"57014", Code::timeout},
    Meaning{"57P", Code::unavailable, Trouble::lost},
    Meaning{"58", Code::io},
    Meaning{"XX001", Code::corrupt},
    Meaning{"XX002", Code::corrupt},
};

std::string sentence_of(std::string_view doing, std::string_view sentence) {
  while (!sentence.empty() && (sentence.back() == '\n' || sentence.back() == ' ')) {
    sentence.remove_suffix(1);
  }
  std::string text = "PostgreSQL: ";
  text += doing;
  text += ": ";
  for (char c : sentence) text += c == '\n' ? ' ' : c;
  return text;
}

}  // namespace

PostgresError postgres_error(std::string_view sqlstate, std::string_view sentence,
                             std::string_view doing) {
  for (const Meaning& meaning : k_meanings) {
    if (!sqlstate.starts_with(meaning.prefix)) continue;
    return {Error(meaning.code, sentence_of(doing, sentence)), meaning.trouble};
  }
  return {Error(Code::internal, sentence_of(doing, sentence)), Trouble::none};
}

PostgresError connection_lost(std::string_view sentence, std::string_view doing) {
  return {Error(Code::unavailable, sentence_of(doing, sentence)), Trouble::lost};
}

}  // namespace bl::store
