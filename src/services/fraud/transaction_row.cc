#include "services/fraud/transaction_row.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include "buf/validate/validate.pb.h"

namespace starling::fraud {

using features::v1::UserFeatures;
using google::protobuf::FieldDescriptor;
using v1::ScoreTransactionRequest;

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// The words that the contract allows for a field, in their order: the model reads a word as its place there.
std::vector<std::string> Words(const char* field) {
  const auto& rules = ScoreTransactionRequest::descriptor()->FindFieldByName(field)->options().GetExtension(
      buf::validate::field);
  return {rules.string().in().begin(), rules.string().in().end()};
}

double Place(const std::vector<std::string>& words, std::string_view word) {
  return static_cast<double>(std::find(words.begin(), words.end(), word) - words.begin());
}

// Fields that the model reads as they are.
const std::vector<const FieldDescriptor*>& CarriedFields() {
  static const std::vector<const FieldDescriptor*> fields = [] {
    std::vector<const FieldDescriptor*> found;
    for (const char* name :
         {"distance_from_home_km", "distance_from_last_km", "minutes_since_last", "transactions_last_hour",
          "transactions_last_day", "amount_last_day", "declines_last_day", "card_age_days"}) {
      found.push_back(ScoreTransactionRequest::descriptor()->FindFieldByName(name));
    }
    return found;
  }();
  return fields;
}

double Number(const google::protobuf::Message& message, const FieldDescriptor* field) {
  const auto& reflection = *message.GetReflection();
  return reflection.HasField(message, field) ? reflection.GetDouble(message, field) : kUnknown;
}

// Of UTC. Days are counted from a Thursday, 1970-01-01; Monday is 0.
struct Moment {
  explicit Moment(int64_t seconds) {
    const int64_t day = seconds / 86400 - (seconds % 86400 < 0 ? 1 : 0);
    const int64_t whole_hours = (seconds - day * 86400) / 3600;
    hour = static_cast<double>(whole_hours);
    weekday = static_cast<double>(((day + 3) % 7 + 7) % 7);
  }
  double hour = 0;
  double weekday = 0;
};

}  // namespace

std::span<const std::string> FeatureNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all = {
        "amount",  "amount_to_average", "hour_of_day",     "day_of_week",  "merchant_category",
        "channel", "foreign_country",   "country_changed", "known_device", "known_merchant"};
    for (const FieldDescriptor* field : CarriedFields()) all.push_back(field->name());
    all.emplace_back("speed_km_per_hour");
    const auto& user = *UserFeatures::descriptor();
    for (int i = 0; i < user.field_count(); ++i) all.push_back(user.field(i)->name());
    return all;
  }();
  return names;
}

std::vector<float> TransactionRow(const ScoreTransactionRequest& transaction) {
  static const std::vector<std::string> categories = Words("merchant_category");
  static const std::vector<std::string> channels = Words("channel");
  const UserFeatures& user = transaction.user();
  std::vector<float> row;
  row.reserve(FeatureNames().size());
  const auto add = [&row](double value) { row.push_back(static_cast<float>(value)); };
  const auto flag = [&add](bool known, bool value) { add(known ? (value ? 1 : 0) : kUnknown); };

  add(transaction.amount());
  add(user.average_amount_30d() > 0 ? transaction.amount() / user.average_amount_30d() : kUnknown);
  const Moment moment(transaction.time().seconds());
  add(moment.hour);
  add(moment.weekday);
  add(Place(categories, transaction.merchant_category()));
  add(Place(channels, transaction.channel()));
  flag(transaction.has_merchant_country() && transaction.has_card_country(),
       transaction.merchant_country() != transaction.card_country());
  flag(transaction.has_merchant_country() && transaction.has_last_country(),
       transaction.merchant_country() != transaction.last_country());
  flag(transaction.has_known_device(), transaction.known_device());
  flag(transaction.has_known_merchant(), transaction.known_merchant());
  for (const FieldDescriptor* field : CarriedFields()) add(Number(transaction, field));
  const bool moved = transaction.has_distance_from_last_km() && transaction.has_minutes_since_last();
  add(moved ? transaction.distance_from_last_km() / std::max(transaction.minutes_since_last(), 1.0) * 60.0
            : kUnknown);
  for (int i = 0; i < UserFeatures::descriptor()->field_count(); ++i) {
    add(Number(user, UserFeatures::descriptor()->field(i)));
  }
  return row;
}

}  // namespace starling::fraud
