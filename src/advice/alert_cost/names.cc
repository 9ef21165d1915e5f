#include "advice/alert_cost.h"

namespace bl::advice {

const char* name_of(Answer answer) {
  switch (answer) {
    case Answer::unknown:
      return "unknown";
    case Answer::confirmed:
      return "confirmed";
    case Answer::false_alarm:
      return "false_alarm";
  }
  return "unknown";
}

const char* name_of(EvidenceKind kind) {
  switch (kind) {
    case EvidenceKind::confirmed_by_person:
      return "confirmed_by_person";
    case EvidenceKind::expected_by_person:
      return "expected_by_person";
    case EvidenceKind::reverted:
      return "reverted";
    case EvidenceKind::noise_by_person:
      return "noise_by_person";
    case EvidenceKind::machine_changed:
      return "machine_changed";
    case EvidenceKind::undone_at_same_commit:
      return "undone_at_same_commit";
    case EvidenceKind::revert_taken_back:
      return "revert_taken_back";
    case EvidenceKind::still_slow_after_revert:
      return "still_slow_after_revert";
    case EvidenceKind::gone_again:
      return "gone_again";
  }
  return "gone_again";
}

Answer answer_of(EvidenceKind kind) {
  switch (kind) {
    case EvidenceKind::confirmed_by_person:
    case EvidenceKind::expected_by_person:
    case EvidenceKind::reverted:
      return Answer::confirmed;
    case EvidenceKind::noise_by_person:
    case EvidenceKind::machine_changed:
    case EvidenceKind::undone_at_same_commit:
      return Answer::false_alarm;
    case EvidenceKind::revert_taken_back:
    case EvidenceKind::still_slow_after_revert:
    case EvidenceKind::gone_again:
      return Answer::unknown;
  }
  return Answer::unknown;
}

const char* name_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::none:
      return "none";
    case Refusal::too_few_results:
      return "too_few_results";
    case Refusal::too_few_slowdowns:
      return "too_few_slowdowns";
    case Refusal::too_few_answers:
      return "too_few_answers";
    case Refusal::mostly_unknown:
      return "mostly_unknown";
  }
  return "none";
}

}  // namespace bl::advice
