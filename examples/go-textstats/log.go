package main

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// newLogger writes the lines of section 7 to standard error.
func newLogger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, attribute slog.Attr) slog.Attr {
			switch attribute.Key {
			case slog.MessageKey:
				attribute.Key = "message"
			case slog.LevelKey:
				attribute.Value = slog.StringValue(strings.ToLower(attribute.Value.String()))
			}
			return attribute
		},
	}))
}

func logCall(ctx context.Context, method string, begun time.Time, err error) {
	attributes := []any{"method", method, "code", status.Code(err).String(), "duration_ms", time.Since(begun).Milliseconds()}
	if trace := strings.Split(first(ctx, "traceparent"), "-"); len(trace) >= 4 && len(trace[1]) == 32 {
		attributes = append(attributes, "trace_id", trace[1])
	}
	if id := first(ctx, "x-request-id"); id != "" {
		attributes = append(attributes, "request_id", id)
	}
	slog.Info("call", attributes...)
}

func first(ctx context.Context, key string) string {
	if values := metadata.ValueFromIncomingContext(ctx, key); len(values) > 0 {
		return values[0]
	}
	return ""
}

func logUnary(ctx context.Context, request any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	begun := time.Now()
	response, err := handle(ctx, request)
	if !isHealth(info.FullMethod) {
		logCall(ctx, info.FullMethod, begun, err)
	}
	return response, err
}

func logStream(server any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	begun := time.Now()
	err := handle(server, stream)
	if !isHealth(info.FullMethod) {
		logCall(stream.Context(), info.FullMethod, begun, err)
	}
	return err
}

// isHealth is true for the parent's own questions, which come every second.
func isHealth(method string) bool {
	return strings.HasPrefix(method, "/grpc.health.")
}
