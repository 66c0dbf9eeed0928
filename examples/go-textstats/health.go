package main

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// health is grpc.health.v1. It differs from the library's own in that its watches end when the process stops, so that
// GracefulStop does not wait for them.
type health struct {
	healthpb.UnimplementedHealthServer

	mu       sync.Mutex
	statuses map[string]healthpb.HealthCheckResponse_ServingStatus
	stopping bool
	changed  chan struct{} // closed and replaced at each change
}

func newHealth(services ...string) *health {
	h := &health{statuses: map[string]healthpb.HealthCheckResponse_ServingStatus{}, changed: make(chan struct{})}
	for _, name := range append(services, "") {
		h.statuses[name] = healthpb.HealthCheckResponse_NOT_SERVING
	}
	return h
}

// Set says the same of the process and all its services; once it has been stopping, it never serves again.
func (h *health) Set(serving, stopping bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopping = h.stopping || stopping
	now := healthpb.HealthCheckResponse_NOT_SERVING
	if serving && !h.stopping {
		now = healthpb.HealthCheckResponse_SERVING
	}
	for name := range h.statuses {
		h.statuses[name] = now
	}
	close(h.changed)
	h.changed = make(chan struct{})
}

func (h *health) Check(_ context.Context, request *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now, known := h.statuses[request.Service]
	if !known {
		return nil, status.Error(codes.NotFound, "no such service")
	}
	return &healthpb.HealthCheckResponse{Status: now}, nil
}

func (h *health) Watch(request *healthpb.HealthCheckRequest, stream grpc.ServerStreamingServer[healthpb.HealthCheckResponse]) error {
	for {
		h.mu.Lock()
		now, known := h.statuses[request.Service]
		changed, stopping := h.changed, h.stopping
		h.mu.Unlock()
		if !known {
			now = healthpb.HealthCheckResponse_SERVICE_UNKNOWN
		}
		if err := stream.Send(&healthpb.HealthCheckResponse{Status: now}); err != nil || stopping {
			return err
		}
		select {
		case <-changed:
		case <-stream.Context().Done():
			return status.FromContextError(stream.Context().Err()).Err()
		}
	}
}
