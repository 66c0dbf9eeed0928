// A child service in Go: starling.textstats.v1.TextStatsService, as docs/other-languages.md asks for it. Started by
// starling; build.sh generates the code of the contract and builds it.
package main

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	pb "textstats/gen/starling/textstats/v1"
)

func main() {
	slog.SetDefault(newLogger())
	socket := os.Getenv("STARLING_SOCKET")
	if socket == "" {
		fmt.Fprintln(os.Stderr, "STARLING_SOCKET is not set: this program is started by starling (see docs/other-languages.md).")
		os.Exit(2)
	}
	if err := serve(socket); err != nil {
		slog.Error(err.Error())
		os.Exit(1)
	}
}

func serve(socket string) error {
	if err := os.Remove(socket); err != nil && !os.IsNotExist(err) {
		return err
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		return err
	}
	limit := number("STARLING_MAX_MESSAGE_BYTES", 4<<20)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(limit), grpc.MaxSendMsgSize(limit),
		grpc.UnaryInterceptor(logUnary), grpc.StreamInterceptor(logStream))
	health := newHealth(pb.TextStatsService_ServiceDesc.ServiceName)
	healthpb.RegisterHealthServer(server, health)
	pb.RegisterTextStatsServiceServer(server, service{})

	go endWithParent()
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		waitForSignal()
		health.Set(false, true)
		drain(server, time.Duration(number("STARLING_STOP_TIMEOUT_MS", 10000))*time.Millisecond)
	}()
	health.Set(true, false)
	slog.Info("serving")
	if err := server.Serve(listener); err != nil {
		return err
	}
	<-stopped
	slog.Info("stopped")
	return nil
}

// endWithParent reads the lifeline, on which nothing ever comes but its end.
func endWithParent() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

func waitForSignal() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	<-signals
}

// drain lets running calls end, and cuts them a little before the parent would kill the process.
func drain(server *grpc.Server, patience time.Duration) {
	timer := time.AfterFunc(patience*8/10, server.Stop)
	defer timer.Stop()
	server.GracefulStop()
}

func number(variable string, otherwise int) int {
	if value, err := strconv.Atoi(os.Getenv(variable)); err == nil {
		return value
	}
	return otherwise
}
