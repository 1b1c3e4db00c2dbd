// A site around the endpoint, for try.mjs: its login lets everybody in.
package main

import (
	"log"
	"net/http"
	"os"

	"shop.example/weft"
)

func main() {
	mux := http.NewServeMux()
	mux.Handle("POST /weft/token", weft.TokenHandler(os.Getenv("WEFT_URL"), os.Getenv("WEFT_SECRET_KEY"), currentUser))
	mux.HandleFunc("POST /try/login", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "logged_in", Value: "1", Path: "/", HttpOnly: true})
		w.WriteHeader(http.StatusNoContent)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), mux))
}

func currentUser(r *http.Request) *weft.User {
	if _, err := r.Cookie("logged_in"); err != nil {
		return nil
	}
	return &weft.User{ID: "1042", Name: "Mia Lindqvist", Email: "mia@shop.example"}
}
