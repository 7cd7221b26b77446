package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// newMetrics are the figures of a server, each read when it is asked for. They
// name no user and no address.
func newMetrics(s *Server) *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		gauge("parley_sessions", "Connections at the moment.", func() float64 { return float64(s.sessions.Len()) }),
		gauge("parley_topics", "Topics in memory.", func() float64 { return float64(s.hub.Len()) }),
		actCollector{s}, postCollector{s.posts},
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
