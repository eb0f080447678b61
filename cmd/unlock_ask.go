package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ameideio/ameide/pkg/dbops"
)

// confirm asks once for each database: what must be typed names the server, the database and the plugin.
func (o unlockOptions) confirm(ctx context.Context, env Env, server string, locks []dbops.Lock) error {
	if o.yes {
		return nil
	}
	asked := map[string]bool{}
	var questions []question
	for _, l := range locks {
		want := server + "/" + l.Database + "/" + l.Plugin
		if l.Action != dbops.ActionClear || asked[want] {
			continue
		}
		asked[want] = true
		questions = append(questions, question{want: want, about: fmt.Sprintf("clear the %s lock of plugin %s in database %s on server %s (%s)",
			l.Verdict, l.Plugin, l.Database, server, strings.Join(tablesOf(locks, l), ", "))})
	}
	for i, q := range questions {
		if len(questions) > 1 {
			q.about += fmt.Sprintf(", %d of %d", i+1, len(questions))
		}
		if err := q.ask(ctx, env); err != nil {
			return err
		}
	}
	return nil
}

// tablesOf are the lock tables that one answer covers.
func tablesOf(locks []dbops.Lock, like dbops.Lock) []string {
	var out []string
	for _, l := range locks {
		if l.Action == dbops.ActionClear && l.Database == like.Database && l.Plugin == like.Plugin {
			out = append(out, l.Name())
		}
	}
	return out
}

// question is something that is done only after its name was typed.
type question struct {
	about string // what would be done
	want  string // what must be typed
}

// ask is nil after the right answer. The end of input is a wrong one.
func (q question) ask(ctx context.Context, env Env) error {
	want := plain(q.want)
	fmt.Fprintf(env.Err, "About to %s.\nTo go on, type %s\n", plain(q.about), want)
	answer, err := readLine(ctx, env.In)
	if err != nil {
		return fmt.Errorf("nothing was done: the question was not answered: %w", err)
	}
	if strings.TrimSpace(answer) != strings.TrimSpace(want) {
		return refused(errors.New("not confirmed; nothing was done"), "")
	}
	return nil
}

// readLine reads an answer. It ends with the run: a terminal gives its reader nothing when somebody types Ctrl-C. The
// reader must be a buffered one when more than one line is read from it.
func readLine(ctx context.Context, in io.Reader) (string, error) {
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(in).ReadString('\n')
		answer <- line
	}()
	select {
	case line := <-answer:
		return line, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
