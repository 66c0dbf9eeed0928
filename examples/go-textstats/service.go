package main

import (
	"context"
	"errors"
	"io"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "textstats/gen/starling/textstats/v1"
)

// maxTextBytes bounds what the pieces of one text may add up to.
const maxTextBytes = 64 << 20

// topWordsOfPieces is how many words AnalyzePieces names.
const topWordsOfPieces = 10

type service struct {
	pb.UnimplementedTextStatsServiceServer
}

func (service) Analyze(_ context.Context, request *pb.AnalyzeRequest) (*pb.TextStats, error) {
	if err := check(request); err != nil {
		return nil, err
	}
	return statsOf(request.Text, int(request.TopWords)), nil
}

func (service) AnalyzeParagraphs(request *pb.AnalyzeRequest, stream grpc.ServerStreamingServer[pb.PartStats]) error {
	if err := check(request); err != nil {
		return err
	}
	number := uint64(0)
	for paragraph := range strings.SplitSeq(strings.ReplaceAll(request.Text, "\r\n", "\n"), "\n\n") {
		if strings.TrimSpace(paragraph) == "" {
			continue
		}
		number++
		// Send waits while the reader is slow and fails when it is gone.
		if err := stream.Send(&pb.PartStats{Number: number, Stats: statsOf(paragraph, int(request.TopWords))}); err != nil {
			return err
		}
	}
	return nil
}

func (service) AnalyzePieces(stream grpc.ClientStreamingServer[pb.AnalyzePiecesRequest, pb.TextStats]) error {
	counter, bytes := NewCounter(), 0
	for {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(counter.Stats(topWordsOfPieces))
		}
		if err != nil {
			return err
		}
		if bytes += len(request.Piece); bytes > maxTextBytes {
			return status.Error(codes.ResourceExhausted, "the pieces of one text may add up to 64 MiB.")
		}
		counter.Add(request.Piece)
	}
}

func (service) AnalyzeLines(stream grpc.BidiStreamingServer[pb.AnalyzeLinesRequest, pb.PartStats]) error {
	for number := uint64(1); ; number++ {
		request, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&pb.PartStats{Number: number, Stats: statsOf(request.Line, 0)}); err != nil {
			return err
		}
	}
}

func check(request *pb.AnalyzeRequest) error {
	if request.Text == "" {
		return badField("text", "'text' must be a text of at least one character.")
	}
	if request.TopWords > 100 {
		return badField("top_words", "'top_words' must be at most 100.")
	}
	return nil
}

// badField is INVALID_ARGUMENT with the details that section 6 asks for.
func badField(field, description string) error {
	violation := &errdetails.BadRequest_FieldViolation{Field: field, Description: description}
	detailed, err := status.New(codes.InvalidArgument, description).
		WithDetails(&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{violation}})
	if err != nil {
		return err
	}
	return detailed.Err()
}
