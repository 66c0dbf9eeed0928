// Makes rows of features as the services do, of requests as JSON from standard input, one a line.
//
//   feature_rows fraud|churn     names on the first line; then a line per request, its numbers in hexadecimal, so that none is rounded
#include <cstdio>
#include <iostream>
#include <string>

#include "base/status.h"
#include "services/churn/customer_row.h"
#include "services/fraud/transaction_row.h"

namespace {

template <typename Request>
int PrintRows(const starling::rpc::MessageType& type, std::span<const std::string> names,
              std::vector<float> (*make_row)(const Request&)) {
  std::string header;
  for (const std::string& name : names) starling::StrAppend(&header, header.empty() ? "" : " ", name);
  std::puts(header.c_str());
  for (std::string line; std::getline(std::cin, line);) {
    Request request;
    absl::Status status = type.from_json(line, {}, &request);
    if (status.ok()) status = type.validate(request);
    if (!status.ok()) {
      std::fprintf(stderr, "%s\n%s\n", line.c_str(), status.ToString().c_str());
      return 1;
    }
    for (const float value : make_row(request)) std::printf("%a ", static_cast<double>(value));
    std::puts("");
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string what = count == 2 ? arguments[1] : "";
  if (what == "fraud") {
    return PrintRows<starling::fraud::v1::ScoreTransactionRequest>(
        starling::fraud::v1::ScoreTransactionRequestType(), starling::fraud::FeatureNames(),
        starling::fraud::TransactionRow);
  }
  if (what == "churn") {
    return PrintRows<starling::churn::v1::PredictChurnRequest>(starling::churn::v1::PredictChurnRequestType(),
                                                               starling::churn::FeatureNames(),
                                                               starling::churn::CustomerRow);
  }
  std::fputs("usage: feature_rows fraud|churn\n", stderr);
  return 2;
}
