package relay

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"parley/internal/limit"
	"parley/internal/outbound"
	"parley/store"
)

// group is what a service has been told of a group.
type group struct {
	ID      string   `json:"id"`
	Owner   string   `json:"owner,omitempty"`
	Members []string `json:"members"` // sorted
}

// groups keeps what a service has been told, for each of its groups.
type groups struct {
	values  store.Values
	now     func() time.Time
	service string
}

func (g *groups) key(topic string) string { return "rg:" + g.service + ":" + topic }

// get returns an empty group if the service has not been told of any.
func (g *groups) get(ctx context.Context, topic string) (*group, error) {
	v, err := g.values.Value(ctx, g.key(topic), g.now())
	if errors.Is(err, store.ErrNotFound) {
		return &group{}, nil
	}
	if err != nil {
		return nil, err
	}
	known := &group{}
	if json.Unmarshal(v.Data, known) != nil {
		return &group{}, nil
	}
	return known, nil
}

func (g *groups) has(ctx context.Context, topic string) (bool, error) {
	known, err := g.get(ctx, topic)
	return err == nil && known.ID != "", err
}

// sync brings a group up to date: change tells the service who has come and gone
// since, and is always called.
func (g *groups) sync(ctx context.Context, m *Outgoing, change func(old *group, joined, left []string) error) error {
	known, err := g.get(ctx, m.Topic)
	if err != nil {
		return err
	}
	was := known.ID
	members := make([]string, len(m.Members))
	for i, u := range m.Members {
		members[i] = u.External()
	}
	slices.Sort(members)
	joined, left := missing(members, known.Members), missing(known.Members, members)
	owner := known.Owner
	if err := change(known, joined, left); err != nil {
		if known.ID != was { // made, but not filled
			known.Members = nil
		}
		if known.ID != was || known.Owner != owner {
			err = errors.Join(err, g.put(ctx, m.Topic, known))
		}
		return err
	}
	if known.ID == was && known.Owner == owner && len(joined)+len(left) == 0 {
		return nil
	}
	known.Members = members
	return g.put(ctx, m.Topic, known)
}

// dismiss ends a group with tell, and forgets it. A refusal of the service is
// final.
func (g *groups) dismiss(ctx context.Context, topic string, tell func(*group) error) error {
	known, err := g.get(ctx, topic)
	if err != nil || known.ID == "" {
		return err
	}
	if err = tell(known); err != nil && outbound.KindOf(err) != outbound.Forbidden {
		return err
	}
	return errors.Join(err, g.values.DropValue(ctx, g.key(topic), nil))
}

func (g *groups) put(ctx context.Context, topic string, known *group) error {
	data, err := json.Marshal(known)
	if err != nil {
		return err
	}
	return g.values.PutValue(ctx, &store.Value{Key: g.key(topic), Data: data, Updated: g.now().UTC().Truncate(time.Millisecond)})
}

// missing is what of list is not in sorted.
func missing(list, sorted []string) []string {
	var out []string
	for _, s := range list {
		if _, ok := slices.BinarySearch(sorted, s); !ok {
			out = append(out, s)
		}
	}
	return out
}

func chunks(list []string, n int) [][]string { return slices.Collect(slices.Chunk(list, n)) }

// pace keeps below the rate of a service.
type pace struct {
	rate   limit.Rate
	bucket limit.Bucket
	now    func() time.Time
}

func (p *pace) wait(ctx context.Context) error {
	for {
		d := p.bucket.Take(p.now().UnixNano(), p.rate)
		if d == 0 {
			return nil
		}
		sleep(ctx, d)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}
