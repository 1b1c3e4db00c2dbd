// Package weft hands the widget a token for the visitor who is logged in.
package weft

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// User is the visitor as Weft is told.
type User struct {
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	Email string `json:"email,omitempty"`
}

var client = &http.Client{
	Timeout:       5 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// TokenHandler answers POST /weft/token. Your own login is currentUser: it gives nil where nobody is logged in.
func TokenHandler(weftURL, secretKey string, currentUser func(*http.Request) *User) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The browser writes this header. A page of another site can't change it.
		if r.Header.Get("Sec-Fetch-Site") != "same-origin" {
			reply(w, http.StatusForbidden, map[string]string{"error": "cross_site"})
			return
		}
		user := currentUser(r)
		if user == nil {
			reply(w, http.StatusUnauthorized, map[string]string{"error": "not_logged_in"})
			return
		}
		token, err := mint(r.Context(), weftURL, secretKey, user)
		if err != nil {
			slog.Warn("weft: no token", "error", err)
			reply(w, http.StatusBadGateway, map[string]string{"error": "chat_unavailable"})
			return
		}
		reply(w, http.StatusOK, map[string]string{"token": token})
	})
}

func mint(ctx context.Context, weftURL, secretKey string, user *User) (string, error) {
	body, err := json.Marshal(map[string]*User{"user": user})
	if err != nil {
		return "", err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, weftURL+"/widget-token", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", "Bearer "+secretKey)
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("status %d", answer.StatusCode)
	}
	var minted struct{ Token string }
	if err := json.NewDecoder(io.LimitReader(answer.Body, 64<<10)).Decode(&minted); err != nil {
		return "", err
	}
	if minted.Token == "" {
		return "", errors.New("no token in the answer")
	}
	return minted.Token, nil
}

func reply(w http.ResponseWriter, status int, body map[string]string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
