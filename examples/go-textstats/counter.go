package main

import (
	"sort"
	"strings"
	"unicode"

	pb "textstats/gen/starling/textstats/v1"
)

// wordsPerMinute is the mean silent reading rate for English prose (Brysbaert 2019).
const wordsPerMinute = 238

// Counter takes a text piece by piece, cut anywhere between two code points, and keeps what its statistics need. Its
// memory grows with the number of different words. Not for use by two goroutines at once.
type Counter struct {
	characters, words, sentences, syllables uint64

	counts   map[string]uint64
	word     strings.Builder // the word that is being read
	joiner   rune            // an apostrophe or hyphen after it, part of it only if a letter follows
	ended    bool            // a full stop or the like came last: the sentence ends unless a letter follows
	inPhrase bool            // words were seen since the last end of a sentence
}

// NewCounter returns a counter that has seen nothing.
func NewCounter() *Counter {
	return &Counter{counts: make(map[string]uint64)}
}

// Add reads the next piece of the text.
func (c *Counter) Add(piece string) {
	for _, r := range piece {
		c.characters++
		c.add(r)
	}
}

func (c *Counter) add(r rune) {
	if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) && c.word.Len() > 0 {
		if c.joiner != 0 {
			c.word.WriteRune(c.joiner)
			c.joiner = 0
		}
		c.word.WriteRune(unicode.ToLower(r))
		c.ended, c.inPhrase = false, true
		return
	}
	if isJoiner(r) && c.word.Len() > 0 && c.joiner == 0 {
		c.joiner = r
		return
	}
	c.endWord()
	if c.ended {
		c.endSentence()
	}
	if strings.ContainsRune(".!?…。！？", r) && c.inPhrase {
		c.ended = true
	}
}

func isJoiner(r rune) bool {
	return r == '\'' || r == '’' || r == '-'
}

func (c *Counter) endWord() {
	c.joiner = 0
	if c.word.Len() == 0 {
		return
	}
	word := c.word.String()
	c.word.Reset()
	c.words++
	c.syllables += syllables(word)
	c.counts[word]++
}

func (c *Counter) endSentence() {
	c.sentences++
	c.ended, c.inPhrase = false, false
}

// Stats ends the text and names the most frequent words. Nothing may be added afterwards.
func (c *Counter) Stats(topWords int) *pb.TextStats {
	c.endWord()
	if c.inPhrase {
		c.endSentence()
	}
	stats := &pb.TextStats{
		Characters:     c.characters,
		Words:          c.words,
		Sentences:      c.sentences,
		ReadingSeconds: float64(c.words) * 60 / wordsPerMinute,
		TopWords:       c.top(topWords),
	}
	if c.words > 0 {
		words := float64(c.words)
		stats.ReadingEase = 206.835 - 1.015*words/float64(c.sentences) - 84.6*float64(c.syllables)/words
	}
	return stats
}

func (c *Counter) top(limit int) []*pb.WordCount {
	all := make([]*pb.WordCount, 0, len(c.counts))
	for word, count := range c.counts {
		all = append(all, &pb.WordCount{Word: word, Count: count})
	}
	sort.Slice(all, func(i, j int) bool {
		if all[i].Count != all[j].Count {
			return all[i].Count > all[j].Count
		}
		return all[i].Word < all[j].Word
	})
	return all[:min(limit, len(all))]
}

// syllables counts groups of vowels, without a silent e at the end: near enough for English.
func syllables(word string) uint64 {
	groups, inVowels := uint64(0), false
	for _, r := range word {
		vowel := strings.ContainsRune("aeiouyäöüáéíóúàèìòùâêîôû", r)
		if vowel && !inVowels {
			groups++
		}
		inVowels = vowel
	}
	if groups > 1 && strings.HasSuffix(word, "e") && !strings.HasSuffix(word, "le") {
		groups--
	}
	return max(groups, 1)
}

// statsOf counts one whole text.
func statsOf(text string, topWords int) *pb.TextStats {
	counter := NewCounter()
	counter.Add(text)
	return counter.Stats(topWords)
}
