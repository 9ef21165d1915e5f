#include "verdict/machine_stream.h"

#include <algorithm>
#include <cmath>

#include "verdict/robust.h"

namespace bl::verdict {

namespace {

constexpr std::size_t k_memory = 512;          // results kept after a trim
constexpr std::size_t k_baseline_most = 80;    // results that a level is taken from
constexpr std::size_t k_residuals_most = 150;  // results that the noise is learned from
constexpr std::size_t k_past = 250;            // results in which a window's past is looked up
constexpr double k_noise_least = 1e-4;         // of the value: nothing measures finer
constexpr double k_noise_prior = 0.002;        // what noise is before it is known,
constexpr double k_noise_prior_weight = 2;     // worth as many results
constexpr double k_units_min = 2.2;            // a window nearer to its baseline is no candidate
constexpr double k_hazard = 1.0 / 200;         // changes among results, before looking
constexpr double k_return = 0.02;              // the same, of a return to the former level
constexpr std::size_t k_return_results = 40;   // within so many results of the change
constexpr std::size_t k_retract_results = 4;   // a level that short was a hiccup
constexpr double k_usual_change_most = 0.25;   // larger ones are rarer, by the square
constexpr double k_hiccup = 0.18;              // jumps larger than that are hiccups more often
// How sure one must be to speak, as log-odds. A window of one result weighs outliers against
// changes by itself (evidence.h), so that it may speak at lower odds without more false alarms.
constexpr double k_speak = 1.7;
constexpr double k_speak_at_once = 0.9;
constexpr double k_wait = -1.0;
constexpr std::size_t k_drift_least = 45, k_drift_most = 240;  // results a drift is looked for in
constexpr double k_drift_units = 7;  // of a difference of thirds, in its standard errors

}  // namespace

void MachineStream::start_over() {
  level_start_ = entries_.size();
  former_.reset();
}

void MachineStream::accept_new_level() {
  if (entries_.empty()) return;
  level_start_ = entries_.size() - 1;
  entries_.back().is_noise = false;
  former_.reset();
}

void MachineStream::call_it_noise() {
  if (!former_) return;
  for (std::size_t j = former_->change; j < entries_.size(); ++j) {
    entries_[j].residual = entries_[j].place - former_->level;
    entries_[j].is_noise = true;
  }
  level_start_ = former_->level_start;
  if (!past_levels_.empty()) past_levels_.pop_back();
  former_.reset();
}

std::vector<double> MachineStream::waiting_values() const {
  std::vector<double> values;
  for (std::size_t j = entries_.size() - waiting_; j < entries_.size(); ++j)
    values.push_back(entries_[j].value);
  return values;
}

std::size_t MachineStream::bytes() const {
  return entries_.capacity() * sizeof(Entry) + past_levels_.capacity() * sizeof(Level);
}

std::optional<MachineStream::Drift> MachineStream::drift() const {
  const std::size_t count = std::min(entries_.size() - level_start_, k_drift_most);
  if (entries_.size() <= level_start_ || count < k_drift_least) return std::nullopt;
  const std::size_t third = count / 3, first = entries_.size() - 3 * third;
  std::array<double, 3> place;
  std::vector<double> sizes;
  for (std::size_t k = 0; k < 3; ++k) {
    std::vector<double> part;
    for (std::size_t j = first + k * third; j < first + (k + 1) * third; ++j)
      part.push_back(entries_[j].place);
    place[k] = robust_level(part, 2 * noise_);
    for (const double p : part) sizes.push_back(std::fabs(p - place[k]));
  }
  // The scatter around the thirds' own levels: noise_ holds the drift itself.
  const double scatter = std::max(1.4826 * median(sizes), k_noise_least);
  const double slowness = std::max(1.0, std::min(correlation_[2], 4.0));
  const double error = scatter * std::sqrt(2 * slowness / static_cast<double>(third));
  const double moved = place[2] - place[0], half = place[1] - place[0];
  const bool steady = half / moved > 0.2 && half / moved < 0.8;
  if (!(std::fabs(moved) > k_drift_units * error) || !steady) return std::nullopt;
  return Drift{entries_[first].index, scale_.relative_change(1.5 * moved)};
}

/// A first value of zero or below takes the logarithm away: everything moves to the new scale.
void MachineStream::rescale() {
  std::vector<double> values;
  for (const Entry& e : entries_) values.push_back(e.value);
  scale_ = RelativeScale::of(values);
  for (Entry& e : entries_) {
    e.place = scale_.of(e.value);
    e.shift.fill(0);
  }
  const double level = level_of(0, entries_.size());
  for (Entry& e : entries_) e.residual = e.place - level;
  past_levels_.clear();
  former_.reset();
}

void MachineStream::trim() {
  if (entries_.size() < 2 * k_memory) return;
  const std::size_t gone = entries_.size() - k_memory;
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(gone));
  level_start_ = level_start_ > gone ? level_start_ - gone : 0;
  std::erase_if(past_levels_, [gone](const Level& l) { return l.start < gone; });
  for (Level& l : past_levels_) l.start -= gone;
  if (!former_) return;
  if (former_->change < gone) {
    former_.reset();
    return;
  }
  former_->level_start = former_->level_start > gone ? former_->level_start - gone : 0;
  former_->change -= gone;
  former_->said_at -= gone;
}

MachineStream::Verdict MachineStream::push(std::int64_t index, double value, int baseline_min,
                                           const Observer& observer) {
  trim();
  waiting_ = 0;
  entries_.push_back(
      {.index = index, .value = value, .place = 0, .residual = 0, .is_noise = true, .shift = {}});
  if (entries_.size() == 1 || !scale_.holds(value)) {
    rescale();
  } else {
    entries_.back().place = scale_.of(value);
  }
  const std::size_t newest = entries_.size() - 1;
  estimate_noise();
  if (newest <= level_start_) {
    entries_[newest].residual = 0;
    entries_[newest].is_noise = false;
    return {};
  }
  entries_[newest].residual = entries_[newest].place - level_of(level_start_, newest);
  if (newest - level_start_ < static_cast<std::size_t>(baseline_min)) return {};
  if (returned_to_former_level()) return {.kind = Verdict::Kind::none};

  const auto best = best_candidate(baseline_min, observer);
  if (!best || best->log_odds <= k_wait) {
    return {.kind = Verdict::Kind::none, .log_odds = best ? best->log_odds : -99};
  }
  const auto first = newest + 1 - static_cast<std::size_t>(best->window);
  const bool speaks = best->log_odds > (best->window == 1 ? k_speak_at_once : k_speak);
  Verdict verdict{
      .kind = speaks ? Verdict::Kind::change : Verdict::Kind::wait,
      .since = best->first,
      .log_odds = best->log_odds,
      .change = best->change,
      .larger = best->larger,
      .recovers = best->features[static_cast<std::size_t>(OnlineFeature::recovery)] > 0};
  if (!speaks) {
    waiting_ = static_cast<std::size_t>(best->window);
    return verdict;
  }
  const std::size_t start = exact_start(first);
  verdict.since = entries_[start].index;
  begin_level(start);
  return verdict;
}

/// One unit: the robust scale of the residuals; the larger of what the half and what four fifths of
/// them say, drawn to the prior while they are few.
void MachineStream::estimate_noise() {
  std::vector<double> sizes;
  for (std::size_t j = entries_.size() - 1; j-- > 0 && sizes.size() < k_residuals_most;) {
    if (entries_[j].is_noise) sizes.push_back(std::fabs(entries_[j].residual));
  }
  const auto n = static_cast<double>(sizes.size());
  double scale = 1.4826 * median(sizes);
  if (sizes.size() > 4) scale = std::max(scale, 0.7 * order_statistic(sizes, 0.8) / 1.2816);
  const double squared = n * scale * scale + k_noise_prior_weight * k_noise_prior * k_noise_prior;
  noise_ = std::max(std::sqrt(squared / (n + k_noise_prior_weight)), k_noise_least);
}

double MachineStream::level_of(std::size_t first, std::size_t last) const {
  std::array<double, k_baseline_most> places;
  const std::size_t from = last > first + k_baseline_most ? last - k_baseline_most : first;
  for (std::size_t j = from; j < last; ++j) places[j - from] = entries_[j].place;
  return robust_level({places.data(), last - from}, 2 * noise_);
}

/// How much more the means of 4, 8 and 16 results in a row vary than those of independent results
/// would; residuals limited to 2.5 units. Drawn to 1.3, worth four windows.
void MachineStream::estimate_correlation() {
  const std::size_t newest = entries_.size() - 1;
  const std::size_t longest = std::min<std::size_t>(k_windows.back(), newest - level_start_ - 1);
  const std::size_t until = newest - (longest > 8 ? std::min<std::size_t>(4, newest) : 1);
  const std::size_t reach = k_residuals_most + longest;
  std::vector<double> residuals;
  double mean = 0;
  for (std::size_t j = newest > reach ? newest - reach : 0; j < until; ++j) {
    if (!entries_[j].is_noise) continue;
    residuals.push_back(std::clamp(entries_[j].residual / noise_, -2.5, 2.5));
    mean += residuals.back();
  }
  const std::size_t n = residuals.size();
  if (n > 0) mean /= static_cast<double>(n);
  double variance = 0;
  for (double& r : residuals) {
    r -= mean;
    variance += r * r;
  }
  variance = variance / std::max<double>(1, static_cast<double>(n)) + 1e-9;
  std::size_t length = 4;
  for (double& answer : correlation_) {
    double sum = 0, squares = 0;
    for (std::size_t j = 0; j < n; ++j) {
      sum += residuals[j];
      if (j >= length) sum -= residuals[j - length];
      if (j + 1 >= length) squares += sum * sum;
    }
    const double windows = n + 1 > length ? static_cast<double>(n + 1 - length) : 0;
    const double independent = windows / static_cast<double>(length);
    const double ratio =
        windows > 0 ? squares / windows / static_cast<double>(length) / variance : 1;
    answer = (independent * ratio + 4 * 1.3) / (independent + 4);
    length *= 2;
  }
}

double MachineStream::correlation_of(int window) const {
  const auto between = [](double low, double high, double part) {
    return low + (high - low) * part;
  };
  const double m = window;
  if (window <= 1) return 1;
  if (window < 4) return between(1, correlation_[0], (m - 1) / 3);
  if (window < 8) return between(correlation_[0], correlation_[1], (m - 4) / 4);
  if (window < 16) return between(correlation_[1], correlation_[2], (m - 8) / 8);
  return correlation_[2];
}

/// A level that lasted no longer than k_retract_results and gave way to the one before it was a
/// hiccup.
bool MachineStream::returned_to_former_level() {
  const std::size_t newest = entries_.size() - 1;
  if (!former_ || newest - former_->change > k_retract_results || newest <= former_->said_at)
    return false;
  const double place = entries_[newest].place;
  const double to_former = std::fabs(place - former_->level);
  const double to_new = std::fabs(place - level_of(former_->change, newest));
  if (to_former >= 0.7 * to_new || to_former >= 3 * noise_) return false;
  call_it_noise();
  return true;
}

MachineStream::Window MachineStream::measure(std::size_t which, std::size_t first) {
  const int length = k_windows[which];
  Window w{.which = which,
           .first = first,
           .length = length,
           .level = level_of(level_start_, first),
           .baseline = static_cast<double>(std::min(first - level_start_, k_baseline_most)),
           .centre = 0,
           .correlation = correlation_of(length)};
  std::array<double, k_windows.back()> units;
  for (std::size_t j = first; j < entries_.size(); ++j)
    units[j - first] = (entries_[j].place - w.level) / noise_;
  const auto n = static_cast<std::size_t>(length);
  w.centre = length == 2 ? (units[0] + units[1]) / 2 : robust_level({units.data(), n}, 2);
  return w;
}

std::optional<MachineStream::Candidate> MachineStream::best_candidate(int baseline_min,
                                                                      const Observer& observer) {
  estimate_correlation();
  density_is_fresh_ = false;
  const std::size_t newest = entries_.size() - 1;
  std::optional<Candidate> best;
  for (std::size_t which = k_windows.size(); which-- > 0;) {
    const auto length = static_cast<std::size_t>(k_windows[which]);
    if (newest + 1 < length + level_start_ + static_cast<std::size_t>(baseline_min)) continue;
    const Window w = measure(which, newest + 1 - length);
    entries_[newest].shift[which] = static_cast<float>(w.centre * noise_);
    const double m = w.length;
    const double effective = m * w.baseline / (m + w.baseline) / w.correlation;
    if (std::fabs(w.centre) * std::sqrt(effective) < k_units_min) continue;
    fill_density(w.first);
    Candidate c{.first = entries_[w.first].index,
                .newest = entries_[newest].index,
                .window = w.length,
                .larger = w.centre > 0,
                .change = scale_.relative_change(w.centre * noise_),
                .features = features_of(w)};
    c.log_odds = log_odds(c.features, w.length);
    if (observer) observer(c);
    const auto over = [](const Candidate& x) {
      return x.log_odds - (x.window == 1 ? k_speak_at_once : k_speak);
    };
    if (!best || over(c) > over(*best)) best = c;
  }
  return best;
}

/// The density of the residuals before a position. Windows come longest first, so that it grows.
void MachineStream::fill_density(std::size_t before) {
  if (!density_is_fresh_) {
    density_ = ResidualDensity(noise_);
    density_is_fresh_ = true;
    const std::size_t newest = entries_.size() - 1;
    const std::size_t longest = std::min<std::size_t>(k_windows.back(), newest - level_start_ - 1);
    density_until_ = newest - longest + 1;
    std::size_t taken = 0;
    for (std::size_t j = density_until_; j-- > 0 && taken < k_residuals_most;) {
      if (!entries_[j].is_noise) continue;
      density_.add(entries_[j].residual / noise_);
      ++taken;
    }
  }
  for (; density_until_ < before; ++density_until_) {
    const Entry& e = entries_[density_until_];
    if (e.is_noise) density_.add(e.residual / noise_);
  }
}

/// Prior density of a change of so many units: even in the logarithm of its size.
double MachineStream::size_prior(double units) const {
  const double size = std::fabs(units);
  double density = size < 1 ? 0.5 : 1 / (2 * size);
  density /= 1 + std::log(std::max(2.0, k_usual_change_most / noise_));
  const double relative = size * noise_;
  if (relative > k_usual_change_most) {
    density *= (k_usual_change_most / relative) * (k_usual_change_most / relative);
  }
  return density;
}

/// log of hazard x (likelihood of the window on a level of its own, averaged over where that may
/// be) / (likelihood on the old level). Tempered where results in a row depend on one another or
/// the baseline is short.
double MachineStream::likelihood_of(const Window& w, std::span<const double> units) const {
  const auto log_density = [&](double shift) {
    double product = 1, sum = 0;
    int factors = 0;
    for (const double u : units) {
      product *= density_.at(u - shift);
      if (++factors % 8 == 0) {
        sum += std::log(product);
        product = 1;
      }
    }
    return sum + std::log(product);
  };
  const double m = w.length;
  const double temper = 1 / (1 + std::max(0.0, w.correlation - 1)) * w.baseline / (w.baseline + m);
  const double without = log_density(0);
  const double step = 0.8 / std::sqrt(m);
  std::array<double, 7> terms;
  for (std::size_t g = 0; g < terms.size(); ++g) {
    const double shift = w.centre + (static_cast<double>(g) - 3) * step;
    terms[g] = temper * (log_density(shift) - without) + std::log(size_prior(shift) * step);
  }
  const double largest = *std::max_element(terms.begin(), terms.end());
  double sum = 0;
  for (const double term : terms) sum += std::exp(term - largest);
  double answer = std::log(k_hazard) + largest + std::log(sum);
  if (former_ && w.first - level_start_ <= k_return_results) {
    const double back = (former_->level - w.level) / noise_;
    answer = std::max(answer, std::log(k_return) + temper * (log_density(back) - without));
  }
  return answer;
}

MachineStream::Past MachineStream::past_of(const Window& w) const {
  Past past;
  const std::size_t newest = entries_.size() - 1;
  const double size = std::fabs(w.centre) * noise_;
  const double sign = w.centre > 0 ? 1 : -1;
  const double there = w.level + w.centre * noise_;
  for (std::size_t j = newest > k_past ? newest - k_past : 0; j < w.first; ++j) {
    const Entry& e = entries_[j];
    ++past.seen;
    past.familiar += std::fabs(e.place - there) < 0.3 * size ? 1 : 0;
    if (!e.is_noise) continue;
    const double moved = sign * static_cast<double>(e.shift[w.which]) / size;
    ++past.results;
    past.third += moved > 0.35 ? 1 : 0;
    past.most += moved > 0.6 ? 1 : 0;
    past.whole += moved > 0.9 ? 1 : 0;
    past.opposite += moved < -0.6 ? 1 : 0;
    past.outliers += std::fabs(e.residual) > 5 * noise_ ? 1 : 0;
  }
  return past;
}

double MachineStream::recent_noise(std::size_t before) const {
  double sum = 0;
  int n = 0;
  for (std::size_t j = before; j-- > 0 && n < 12;) {
    if (!entries_[j].is_noise) continue;
    sum += std::min(std::fabs(entries_[j].residual) / noise_, 6.0);
    ++n;
  }
  return n > 0 ? sum / n : 1;
}

double MachineStream::recent_spread(std::size_t before) const {
  std::vector<double> sizes;
  for (std::size_t j = before; j-- > 0 && sizes.size() < 30;)
    if (entries_[j].is_noise) sizes.push_back(std::fabs(entries_[j].residual) / noise_);
  const auto n = static_cast<double>(sizes.size());
  return std::log((n * 1.4826 * median(sizes) + 10) / (n + 10));
}

double MachineStream::underway(const Window& w) const {
  std::array<double, 12> places;
  std::size_t n = 0;
  for (std::size_t j = w.first; j-- > level_start_ && n < places.size();)
    places[n++] = entries_[j].place;
  const double moved = robust_level({places.data(), n}, 2 * noise_) - w.level;
  return std::clamp(moved / (w.centre * noise_), -1.0, 1.0);
}

double MachineStream::visits(const Window& w) const {
  const double there = w.level + w.centre * noise_;
  const double reach = std::max(0.25 * std::fabs(w.centre), 1.5) * noise_;
  double answer = 0;
  for (std::size_t k = 0; k + 1 < past_levels_.size(); ++k)
    answer += std::fabs(past_levels_[k].place - there) < reach ? 1 : 0;
  return answer;
}

double MachineStream::restlessness() const {
  const std::size_t newest = entries_.size() - 1;
  double answer = 0;
  for (const Level& l : past_levels_) answer += newest - l.start < k_past ? 1 : 0;
  return answer;
}

bool MachineStream::recovers(const Window& w) const {
  if (!former_) return false;
  const double back = former_->level - w.level;
  return std::fabs(back - w.centre * noise_) < 3 * noise_ && std::fabs(back) > 2 * noise_;
}

OnlineFeatures MachineStream::features_of(const Window& w) {
  std::array<double, k_windows.back()> buffer;
  const auto length = static_cast<std::size_t>(w.length);
  for (std::size_t j = 0; j < length; ++j)
    buffer[j] = (entries_[w.first + j].place - w.level) / noise_;
  const std::span<const double> units{buffer.data(), length};

  double spread = 0, strays = 0, settling = 0;
  for (const double u : units) {
    spread = std::max(spread, std::fabs(u - w.centre));
    strays += std::fabs(u - w.centre) > 3 ? 1 : 0;
  }
  const std::size_t half = length / 2;
  for (std::size_t j = 0; j < half; ++j) {
    settling += std::clamp(units[length - half + j] - w.centre, -3.0, 3.0);
    settling -= std::clamp(units[j] - w.centre, -3.0, 3.0);
  }
  if (half > 0) settling *= (w.centre > 0 ? 1 : -1) / static_cast<double>(half);

  const Past past = past_of(w);
  const auto rate = [&](double events) { return std::log((events + 0.3) / (past.results + 10)); };
  const double size = std::fabs(w.centre) * noise_;
  OnlineFeatures f{};
  const auto set = [&f](OnlineFeature name, double value) {
    f[static_cast<std::size_t>(name)] = value;
  };
  set(OnlineFeature::constant, 1);
  set(OnlineFeature::likelihood, std::clamp(likelihood_of(w, units), -12.0, 25.0));
  set(OnlineFeature::size, std::log(size));
  set(OnlineFeature::noise_units, std::log(std::max(0.3, std::fabs(w.centre))));
  set(OnlineFeature::baseline, std::log(w.baseline));
  set(OnlineFeature::correlation, std::log(w.correlation));
  set(OnlineFeature::past_third, rate(past.third));
  set(OnlineFeature::past_most, rate(past.most));
  set(OnlineFeature::past_whole, rate(past.whole));
  set(OnlineFeature::past_opposite, rate(past.opposite));
  set(OnlineFeature::outliers, rate(past.outliers));
  set(OnlineFeature::recent_noise, std::log(recent_noise(w.first) + 0.2));
  set(OnlineFeature::spread, std::min(spread, 8.0));
  set(OnlineFeature::strays, strays / static_cast<double>(length));
  set(OnlineFeature::settling, settling);
  set(OnlineFeature::recovery, recovers(w) ? 1 : 0);
  set(OnlineFeature::beyond_usual, std::max(0.0, std::log(size / k_hiccup)));
  set(OnlineFeature::familiar, std::log((past.familiar + 0.3) / (past.seen + 10)));
  set(OnlineFeature::restlessness, std::log1p(restlessness()));
  set(OnlineFeature::visits, std::log1p(visits(w)));
  set(OnlineFeature::recent_spread, recent_spread(w.first));
  set(OnlineFeature::underway, underway(w));
  return f;
}

/// The best split near the window's first result, robustly: up to 6 before it, or within it.
std::size_t MachineStream::exact_start(std::size_t first) const {
  std::vector<double> places;
  for (std::size_t j = first; j < entries_.size(); ++j) places.push_back(entries_[j].place);
  const double after = median(places);
  const double before = level_of(level_start_, first);
  // How much better the old level explains result j than the new one.
  const auto prefers_old = [&](std::size_t j) {
    const double o = (entries_[j].place - before) / noise_,
                 n = (entries_[j].place - after) / noise_;
    return std::log1p(n * n / 4) - std::log1p(o * o / 4);
  };
  std::size_t best = first;
  double gain = 0, most = 0;
  const std::size_t earliest = std::max(level_start_ + 3, first > 6 ? first - 6 : 0);
  for (std::size_t j = first; j-- > earliest;) {
    gain -= prefers_old(j);
    if (gain > most) most = gain, best = j;
  }
  gain = 0;
  for (std::size_t j = first; j + 1 < entries_.size(); ++j) {
    gain += prefers_old(j);
    if (gain > most) most = gain, best = j + 1;
  }
  return best;
}

void MachineStream::begin_level(std::size_t first) {
  std::vector<double> places;
  for (std::size_t j = first; j < entries_.size(); ++j) places.push_back(entries_[j].place);
  const double after = median(places);
  former_ = Former{.level = level_of(level_start_, first),
                   .level_start = level_start_,
                   .change = first,
                   .said_at = entries_.size() - 1};
  past_levels_.push_back({level_start_, former_->level});
  level_start_ = first;
  for (std::size_t j = first; j < entries_.size(); ++j) {
    entries_[j].residual = entries_[j].place - after;
    entries_[j].is_noise = false;
  }
}

}  // namespace bl::verdict
