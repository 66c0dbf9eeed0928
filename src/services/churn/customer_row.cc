#include "services/churn/customer_row.h"

#include <limits>

namespace starling::churn {

using features::v1::UserFeatures;
using google::protobuf::FieldDescriptor;
using v1::PredictChurnRequest;

namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// Fields of the request that the model reads as they are.
const std::vector<const FieldDescriptor*>& CarriedFields() {
  static const std::vector<const FieldDescriptor*> fields = [] {
    std::vector<const FieldDescriptor*> found;
    for (const char* name :
         {"days_since_last_login", "logins_30d", "logins_previous_30d", "transactions_previous_30d",
          "products", "price_rise_percent", "open_complaints"}) {
      found.push_back(PredictChurnRequest::descriptor()->FindFieldByName(name));
    }
    return found;
  }();
  return fields;
}

double Number(const google::protobuf::Message& message, const FieldDescriptor* field) {
  const auto& reflection = *message.GetReflection();
  return reflection.HasField(message, field) ? reflection.GetDouble(message, field) : kUnknown;
}

double Trend(bool known, double now, double before) { return known && before > 0 ? now / before : kUnknown; }

}  // namespace

std::span<const std::string> FeatureNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    const auto& user = *UserFeatures::descriptor();
    for (int i = 0; i < user.field_count(); ++i) all.push_back(user.field(i)->name());
    for (const FieldDescriptor* field : CarriedFields()) all.push_back(field->name());
    all.insert(all.end(), {"bound_by_contract", "logins_trend", "transactions_trend"});
    return all;
  }();
  return names;
}

std::vector<float> CustomerRow(const PredictChurnRequest& customer) {
  const UserFeatures& user = customer.user();
  std::vector<float> row;
  row.reserve(FeatureNames().size());
  const auto add = [&row](double value) { row.push_back(static_cast<float>(value)); };
  for (int i = 0; i < UserFeatures::descriptor()->field_count(); ++i) {
    add(Number(user, UserFeatures::descriptor()->field(i)));
  }
  for (const FieldDescriptor* field : CarriedFields()) add(Number(customer, field));
  add(customer.has_bound_by_contract() ? (customer.bound_by_contract() ? 1 : 0) : kUnknown);
  add(Trend(customer.has_logins_30d() && customer.has_logins_previous_30d(), customer.logins_30d(),
            customer.logins_previous_30d()));
  add(Trend(user.has_transactions_30d() && customer.has_transactions_previous_30d(), user.transactions_30d(),
            customer.transactions_previous_30d()));
  return row;
}

}  // namespace starling::churn
