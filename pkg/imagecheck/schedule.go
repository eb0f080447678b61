package imagecheck

import (
	"context"
	"sync"
)

// Request is one image to read.
type Request struct {
	Image string
	Need  Need
}

// Answer is what came of a request: facts, or an *Error.
type Answer struct {
	Ref   Ref
	Facts *Facts
	Err   error
}

// ReadAll reads images, Options.Jobs at a time, and answers in the order of the requests. One that fails is one failed
// answer. A free job goes to the registry that has the fewest at work, so that a slow registry never holds up the others.
// done, if not nil, is called after each image, never twice at once.
func (c *Client) ReadAll(ctx context.Context, requests []Request, done func(i int, a Answer)) []Answer {
	answers := make([]Answer, len(requests))
	q := newQueue()
	for i, r := range requests {
		ref, err := ParseRef(r.Image)
		answers[i] = Answer{Ref: ref, Err: err}
		if err == nil {
			q.add(ref.Registry(), i)
			continue
		}
		if done != nil {
			done(i, answers[i])
		}
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range min(c.options.Jobs, len(requests)) {
		wg.Go(func() {
			for i, ok := q.next(); ok; i, ok = q.next() {
				a := &answers[i]
				a.Facts, a.Err = c.Read(ctx, a.Ref, requests[i].Need)
				q.finished(a.Ref.Registry())
				mu.Lock()
				if done != nil {
					done(i, *a)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return answers
}

// queue hands out work fairly between registries.
type queue struct {
	mu      sync.Mutex
	names   []string // of registries, in order of appearance
	waiting map[string][]int
	working map[string]int
}

func newQueue() *queue { return &queue{waiting: map[string][]int{}, working: map[string]int{}} }

func (q *queue) add(registry string, i int) {
	if _, ok := q.waiting[registry]; !ok {
		q.names = append(q.names, registry)
	}
	q.waiting[registry] = append(q.waiting[registry], i)
}

// next is the first waiting image of the registry with the fewest at work; false when none waits.
func (q *queue) next() (int, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	best := ""
	for _, name := range q.names {
		if len(q.waiting[name]) > 0 && (best == "" || q.working[name] < q.working[best]) {
			best = name
		}
	}
	if best == "" {
		return 0, false
	}
	i := q.waiting[best][0]
	q.waiting[best] = q.waiting[best][1:]
	q.working[best]++
	return i, true
}

func (q *queue) finished(registry string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.working[registry]--
}
