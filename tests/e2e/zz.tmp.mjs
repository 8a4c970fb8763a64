import { launch } from "./browser.mjs"; import { serveDist } from "./server.mjs";
const [b,h]=await Promise.all([launch(),serveDist({plain:true})]);
const c=await b.newContext(); const p=await c.newPage();
p.on("console",(m)=>console.log(m.type(),m.text())); p.on("pageerror",(e)=>console.log("err",e.message)); p.on("requestfailed",(r)=>console.log("failed",r.url(), r.failure()));
await p.goto(h.url); await p.getByTestId("apply").waitFor(); await p.evaluate(()=>navigator.serviceWorker.ready.then(()=>1)); console.log("closing");
await h.close(); await p.reload(); await p.waitForTimeout(4000); console.log(await p.locator("body").innerText()); await p.screenshot({path:"test-output/zz.png"});
await b.close();
