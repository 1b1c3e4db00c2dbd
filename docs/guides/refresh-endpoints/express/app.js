// A site around the endpoint, for try.mjs: its login lets everybody in.
import express from "express";
import session from "express-session";
import { weftToken } from "./weft-token.js";

const app = express();
app.use(session({ secret: "for the trial only", resave: false, saveUninitialized: false }));
app.post("/try/login", (req, res) => {
  req.session.user = { id: 1042, name: "Mia Lindqvist", email: "mia@shop.example" };
  res.sendStatus(204);
});
app.use(weftToken);
app.listen(process.env.PORT, "127.0.0.1");
