use narrows_law::*; use narrows_catalog::*; use std::sync::Arc; use std::path::Path;
struct R(Vec<String>,Vec<String>);
impl Registers for R { fn knows(&self,r:&str,n:&str)->bool{ if r=="chips"{self.0.iter().any(|x|x==n)}else{self.1.iter().any(|x|x==n)}} fn nearest(&self,_:&str,_:&str)->Option<String>{None}}
fn walk(d:&Path,f:&mut Vec<(String,String)>){ for e in std::fs::read_dir(d).unwrap(){let p=e.unwrap().path(); if p.is_dir(){walk(&p,f)} else if p.extension().is_some_and(|x|x=="toml"){f.push((p.to_string_lossy().into_owned(),std::fs::read_to_string(&p).unwrap()))}}}
#[test] fn t(){
 let root=Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data");
 let mut f=vec![]; walk(&root.join("places"),&mut f); f.sort_by_key(|f|!f.0.contains("places.toml"));
 let pl=Arc::new(read_places(f.iter().map(|(p,t)|DataFile{path:p,text:t})).unwrap_or_else(|e|panic!("{e}")));
 let mut c=vec![]; walk(&root.join("chips"),&mut c);
 let chips=read_chips(c.iter().map(|(p,t)|DataFile{path:p,text:t}),&pl).unwrap_or_else(|e|panic!("{e}"));
 let r=R(chips.iter().map(|c|c.id.clone()).collect(),chips.vendors().map(|c|c.id.clone()).collect());
 let mut l=vec![]; walk(&root.join("law/us"),&mut l);
 let t=std::time::Instant::now();
 let law=read_law(l.iter().map(|(p,t)|DataFile{path:p,text:t}),pl.clone(),&r,Scrutiny::Full).unwrap_or_else(|e|{panic!("{e}")});
 eprintln!("full {:?}",t.elapsed());
 let t=std::time::Instant::now();
 let _=read_law(l.iter().map(|(p,t)|DataFile{path:p,text:t}),pl.clone(),&r,Scrutiny::Trusting).unwrap_or_else(|e|{panic!("{e}")});
 eprintln!("trusting {:?}",t.elapsed());
 let j=law.jurisdiction(None).unwrap();
 let t=std::time::Instant::now();
 let e=j.edition("2026-02-01".parse().unwrap(),None,View::Enforced,&[]).unwrap();
 eprintln!("edition {:?} {}",t.elapsed(),e.provisions().len());
}
