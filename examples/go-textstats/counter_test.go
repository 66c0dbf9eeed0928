package main

import (
	"math"
	"testing"

	"google.golang.org/protobuf/proto"
)

func TestCounts(t *testing.T) {
	for _, test := range []struct {
		text                         string
		characters, words, sentences uint64
	}{
		{"", 0, 0, 0},
		{" ... !", 6, 0, 0},
		{"One", 3, 1, 1},
		{"One two. Three? Four!", 21, 4, 3},
		{"It costs 3.50 today. Really!", 28, 6, 2},
		{"Well-known things don't -- stop...", 34, 4, 1},
		{"\"Go.\" He went.", 14, 3, 2},
		{"Größe zählt. 你好。", 16, 3, 2},
		{"cafe\u0301", 5, 1, 1},
	} {
		stats := statsOf(test.text, 0)
		if stats.Characters != test.characters || stats.Words != test.words || stats.Sentences != test.sentences {
			t.Errorf("%q: %v", test.text, stats)
		}
	}
}

func TestReadingEaseIsFlesch(t *testing.T) {
	// 6 words, 1 sentence, 6 syllables.
	want := 206.835 - 1.015*6 - 84.6*1
	if got := statsOf("The cat sat on the mat.", 0).ReadingEase; math.Abs(got-want) > 1e-9 {
		t.Errorf("reading ease is %v, not %v", got, want)
	}
	if got := statsOf("?", 0).ReadingEase; got != 0 {
		t.Errorf("reading ease without words is %v", got)
	}
}

func TestTopWords(t *testing.T) {
	top := statsOf("b a B c a b", 2).TopWords
	if len(top) != 2 || top[0].Word != "b" || top[0].Count != 3 || top[1].Word != "a" || top[1].Count != 2 {
		t.Errorf("top words are %v", top)
	}
}

func TestPiecesCutAnywhereCountLikeTheWhole(t *testing.T) {
	text := "Don't stop. The price is 3.50, isn't it? \"Yes.\" Größe… Fin"
	whole := statsOf(text, 10)
	runes := []rune(text)
	for cut := range runes {
		counter := NewCounter()
		counter.Add(string(runes[:cut]))
		counter.Add(string(runes[cut:]))
		if pieces := counter.Stats(10); !proto.Equal(pieces, whole) {
			t.Errorf("cut at %d: %v, not %v", cut, pieces, whole)
		}
	}
}
