package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"parley/auth/bridge"
)

// newMetrics are the figures of a server, each read when it is asked for. They
// name no user and no address.
func newMetrics(s *Server) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("parley_sessions", "Connections at the moment.", func() float64 { return float64(s.sessions.Len()) }),
		gauge("parley_topics", "Topics in memory.", func() float64 { return float64(s.hub.Len()) }),
		actCollector{s}, postCollector{s.posts}, bridgeCollector{s.bridges},
	)
	return r
}

func gauge(name, help string, read func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read)
}

// actCollector counts the acts of the audit log.
type actCollector struct{ s *Server }

var actDesc = prometheus.NewDesc("parley_acts_total", "Acts of the audit log since the start.", []string{"act"}, nil)

func (c actCollector) Describe(ch chan<- *prometheus.Desc) { ch <- actDesc }

func (c actCollector) Collect(ch chan<- prometheus.Metric) {
	for act, n := range c.s.audit.Counts() {
		ch <- prometheus.MustNewConstMetric(actDesc, prometheus.CounterValue, float64(n), act)
	}
}

// postCollector tells what became of codes by e-mail and text message.
type postCollector struct{ posts *posts }

var (
	postDesc = prometheus.NewDesc("parley_codes_total",
		"Messages with codes since the start: queued, sent, tried again later, dropped.", []string{"method", "result"}, nil)
	postWaiting = prometheus.NewDesc("parley_codes_waiting", "Messages with codes that wait to be sent.", []string{"method"}, nil)
)

func (c postCollector) Describe(ch chan<- *prometheus.Desc) { ch <- postDesc; ch <- postWaiting }

func (c postCollector) Collect(ch chan<- prometheus.Metric) {
	for method, p := range c.posts.byMethod {
		n := p.Counts()
		for _, v := range []struct {
			result string
			count  int64
		}{{"queued", n.Queued}, {"sent", n.Sent}, {"retried", n.Retried}, {"dropped", n.Dropped}} {
			ch <- prometheus.MustNewConstMetric(postDesc, prometheus.CounterValue, float64(v.count), method, v.result)
		}
		ch <- prometheus.MustNewConstMetric(postWaiting, prometheus.GaugeValue, float64(n.Waiting), method)
	}
}

// bridgeCollector tells how it goes with the services of others.
type bridgeCollector struct{ bridges *bridges }

var (
	grantDesc = prometheus.NewDesc("parley_bridge_grants_total",
		"Credentials for services of others since the start, by where they came from; late and failed ones.", []string{"bridge", "part", "result"}, nil)
	breakerDesc = prometheus.NewDesc("parley_bridge_breaker", "0: the service is asked; 1: it is spared; 2: it is tried.", []string{"bridge", "part"}, nil)
	toldDesc    = prometheus.NewDesc("parley_bridge_waiting", "Changes of accounts that wait to be told.", []string{"bridge", "part"}, nil)
	relayDesc   = prometheus.NewDesc("parley_relay_total", "Messages carried to services of others and back since the start.", []string{"result"}, nil)
	discardDesc = prometheus.NewDesc("parley_relay_discarded_total", "Messages of services of others that were none for us, by what was not known or not right.", []string{"why"}, nil)
	relayQueue  = prometheus.NewDesc("parley_relay_waiting", "Messages of services of others that wait to be published.", nil, nil)
)

func (c bridgeCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{grantDesc, breakerDesc, toldDesc, relayDesc, discardDesc, relayQueue} {
		ch <- d
	}
}

func (c bridgeCollector) Collect(ch chan<- prometheus.Metric) {
	value := func(d *prometheus.Desc, kind prometheus.ValueType, n int64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, kind, float64(n), labels...)
	}
	c.bridges.manager.EachCount(func(name, part string, n bridge.Counts) {
		for result, v := range map[string]int64{
			"cached": n.Hits, "stale": n.Stale, "computed": n.Local, "asked": n.Minted, "late": n.Late, "failed": n.Failed,
		} {
			value(grantDesc, prometheus.CounterValue, v, name, part, result)
		}
		value(breakerDesc, prometheus.GaugeValue, int64(n.Breaker), name, part)
		value(toldDesc, prometheus.GaugeValue, n.Queued, name, part)
	})
	n := c.bridges.relay.Count()
	for result, v := range map[string]*atomic.Int64{
		"sent": &n.Sent, "retried": &n.Retried, "dead": &n.Dead, "skipped": &n.Skipped,
		"published": &n.Published, "duplicate": &n.Duplicates, "loop": &n.Loops, "discarded": &n.Discarded,
	} {
		value(relayDesc, prometheus.CounterValue, v.Load(), result)
	}
	for why, v := range map[string]*atomic.Int64{"topic": &n.NoTopic, "user": &n.NoUser, "content": &n.NoContent, "refused": &n.Refused} {
		value(discardDesc, prometheus.CounterValue, v.Load(), why)
	}
	value(relayQueue, prometheus.GaugeValue, n.Queued.Load())
}

// serveMetrics answers Prometheus until ctx is done, and closes the listener.
func (s *Server) serveMetrics(ctx context.Context, l net.Listener) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.metrics, promhttp.HandlerOpts{}))
	srv := &http.Server{
		Handler: mux, ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: keepAliveTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	stop := context.AfterFunc(ctx, func() { _ = srv.Close() })
	defer stop()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		s.log.Error("metrics are out of order", "err", err)
		return err
	}
	return nil
}
