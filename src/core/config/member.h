// Between a struct's member and the Scalar that stands for it in sources and in print.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/status.h"
#include "core/config/setting.h"

namespace starling::config {

namespace member_internal {
template <typename M>
struct IsOptional : std::false_type {};
template <typename M>
struct IsOptional<std::optional<M>> : std::true_type {};
}  // namespace member_internal

template <typename Wire, typename M>
Scalar MemberToScalar(const M& member) {
  if constexpr (member_internal::IsOptional<M>::value) {
    return member ? MemberToScalar<Wire>(*member) : Scalar();
  } else if constexpr (std::is_same_v<Wire, std::chrono::nanoseconds>) {
    return static_cast<int64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(member).count());
  } else {
    return static_cast<Wire>(member);
  }
}

// `scalar` holds what the setting's kind says. OUT_OF_RANGE if the member's type cannot hold it exactly.
template <typename Wire, typename M>
absl::Status ScalarToMember(const Scalar& scalar, M& member) {
  if constexpr (member_internal::IsOptional<M>::value) {
    typename M::value_type value{};
    RETURN_IF_ERROR(ScalarToMember<Wire>(scalar, value));
    member = std::move(value);
  } else if constexpr (std::is_same_v<Wire, std::chrono::nanoseconds>) {
    const std::chrono::nanoseconds value(std::get<int64_t>(scalar));
    member = std::chrono::duration_cast<M>(value);
    if (std::chrono::duration_cast<std::chrono::nanoseconds>(member) != value) {
      return OutOfRange("is finer than this setting can hold");
    }
  } else if constexpr (std::is_same_v<Wire, int64_t>) {
    static_assert(std::is_integral_v<M> && !std::is_same_v<M, bool>);
    const int64_t value = std::get<int64_t>(scalar);
    if (!std::in_range<M>(value)) return OutOfRange("is too large or too small");
    member = static_cast<M>(value);
  } else {
    member = std::get<Wire>(scalar);
  }
  return absl::OkStatus();
}

}  // namespace starling::config
