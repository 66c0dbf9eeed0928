#include "core/context/request_context.h"

#include <gtest/gtest.h>

namespace starling {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

TEST(RequestContextTest, DeadlineOnlyShrinks) {
  const auto now = steady_clock::now();
  const RequestContext short_one = RequestContext().WithDeadline(now + seconds(1));
  EXPECT_EQ(short_one.WithDeadline(now + seconds(5)).deadline(), now + seconds(1));
  EXPECT_EQ(short_one.WithDeadline(now).deadline(), now);
}

TEST(RequestContextTest, CheckSeesDeadlineAndCancellation) {
  EXPECT_TRUE(RequestContext().Check().ok());
  EXPECT_EQ(RequestContext().WithDeadline(steady_clock::now()).Check().code(),
            absl::StatusCode::kDeadlineExceeded);
  CancelSource source;
  const RequestContext context = RequestContext().WithCancel(source.token());
  EXPECT_TRUE(context.Check().ok());
  source.Cancel();
  EXPECT_EQ(context.Check().code(), absl::StatusCode::kCancelled);
}

TEST(RequestContextTest, OriginIsSharedByCopies) {
  auto origin = std::make_shared<RequestOrigin>();
  origin->request_id = "r1";
  origin->principal.scopes = {"admin"};
  const RequestContext context = RequestContext().WithOrigin(origin);
  const RequestContext copy = context.WithTrace(TraceContext::NewRoot(false));
  EXPECT_EQ(&copy.request_id(), &context.request_id());
  EXPECT_TRUE(copy.principal().HasScope("admin"));
  EXPECT_FALSE(copy.principal().HasScope("adm"));
}

}  // namespace
}  // namespace starling
