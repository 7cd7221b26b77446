package config

import (
	"bytes"
	"fmt"
	"reflect"
)

// iceServers reads ice_servers_file where it is needed: a list as ice_servers is
// one. Its faults name their places in that file.
func (d *decoder) iceServers(w *WebRTC) {
	const path = "webrtc.ice_servers_file"
	if !w.Enabled || len(w.ICEServers) > 0 || w.ICEServersFile == "" {
		return
	}
	file := d.beside(w.ICEServersFile)
	data, err := readFile(file)
	if err != nil {
		d.consequence(path, fmt.Sprintf("the file %s cannot be read: %v", file, err))
		return
	}
	in := &decoder{
		file: file, src: append(bytes.TrimPrefix(data, []byte(byteOrderMark)), '\n'), getenv: d.getenv, seen: make(map[string]int),
	}
	var list []ICEServer
	if root, ok := in.syntax(); ok {
		in.decode(&root, "", reflect.ValueOf(&list).Elem(), "")
	}
	for i, s := range list {
		if len(s.URLs) == 0 && len(in.faults) == 0 {
			in.consequence(fmt.Sprintf("[%d].urls", i), "must not be empty")
		}
	}
	d.faults, d.warnings = append(d.faults, in.faults...), append(d.warnings, in.warnings...)
	switch {
	case len(in.faults) > 0:
	case len(list) == 0:
		d.consequence(path, "the file "+file+" has no servers")
	default:
		w.ICEServers = list
	}
}

// consequence notes a fault that is not of a single value.
func (d *decoder) consequence(path, text string) {
	d.faults = append(d.faults, Fault{Place: d.locate(path), Path: path, Text: text})
}
